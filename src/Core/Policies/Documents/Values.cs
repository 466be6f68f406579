using System.Globalization;
using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>Reads single values; what is wrong with one is reported, and null is the answer, so that the rest is read all the same.</summary>
internal static class Values
{
    /// <summary>A whole number. Protobuf's JSON allows it in quotes, and as 5.0.</summary>
    public static int? Whole(this Node node, int least, int most, ProblemList problems)
    {
        decimal? number = node.Element.ValueKind switch
        {
            JsonValueKind.Number when node.Element.TryGetDecimal(out var value) => value,
            JsonValueKind.String when int.TryParse(
                node.Element.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) => value,
            _ => null,
        };
        if (number is not { } found || found != decimal.Truncate(found))
        {
            var what = node.Element.ValueKind == JsonValueKind.Number ? "one with a fraction, or beyond all bounds" : Kind(node);
            problems.Add(node, $"Expected a whole number, found {what}.", $"Write a number from {least} to {most}.");
            return null;
        }

        if (found < least || found > most)
        {
            problems.Add(node, $"The number is not from {least} to {most}.", $"Write a number from {least} to {most}.");
            return null;
        }

        return (int)found;
    }

    /// <summary>A duration.</summary>
    public static TimeSpan? Duration(this Node node, TimeSpan least, TimeSpan most, ProblemList problems)
    {
        var range = $"from {DurationText.Format(least)} to {DurationText.Format(most)}";
        if (node.Element.ValueKind != JsonValueKind.String || !DurationText.TryParse(node.Element.GetString(), out var duration))
        {
            problems.Add(node, $"Expected a duration with its unit, found {Kind(node)}.", $"Write one like 10s, 0.5s, 500ms or 1m30s, {range}.");
            return null;
        }

        if (duration < least || duration > most)
        {
            problems.Add(node, $"The duration is not {range}.", $"Write a duration {range}.");
            return null;
        }

        return duration;
    }

    /// <summary>True or false.</summary>
    public static bool? Flag(this Node node, ProblemList problems)
    {
        if (node.Element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return node.Element.GetBoolean();
        }

        problems.Add(node, $"Expected true or false, found {Kind(node)}.", "Write true or false without quotes.");
        return null;
    }

    /// <summary>A text that is not empty.</summary>
    public static string? Text(this Node node, ProblemList problems)
    {
        if (node.Element.ValueKind == JsonValueKind.String && node.Element.GetString() is { Length: > 0 } text)
        {
            return text;
        }

        problems.Add(node, $"Expected a text that is not empty, found {Kind(node)}.", "Write a text.");
        return null;
    }

    /// <summary>A number with at most two decimals, in hundredths. Protobuf's JSON allows it in quotes.</summary>
    public static int? Hundredths(this Node node, int least, int most, ProblemList problems)
    {
        decimal? number = node.Element.ValueKind switch
        {
            JsonValueKind.Number when node.Element.TryGetDecimal(out var value) => value,
            JsonValueKind.String when decimal.TryParse(
                node.Element.GetString(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) => value,
            _ => null,
        };
        var range = string.Create(CultureInfo.InvariantCulture, $"from {least / 100m} to {most / 100m}");
        if (number is not { } found)
        {
            problems.Add(node, $"Expected a number, found {(node.Element.ValueKind == JsonValueKind.Number ? "one beyond all bounds" : Kind(node))}.", $"Write a number {range}.");
            return null;
        }

        // Compared before it is multiplied: a decimal can be too large for that.
        if (found < least / 100m || found > most / 100m || found * 100 != decimal.Truncate(found * 100))
        {
            problems.Add(node, $"The number is not {range} with at most two decimals.", $"Write a number {range}.");
            return null;
        }

        return (int)(found * 100);
    }

    /// <summary>The items of a list; null when it is none.</summary>
    public static IReadOnlyList<Node>? Items(this Node node) =>
        node.Element.ValueKind == JsonValueKind.Array ? [.. node.Element.EnumerateArray().Select((item, index) => node.Item(index, item))] : null;

    /// <summary>The items of what should be a list; what is none is reported.</summary>
    public static IReadOnlyList<Node> Items(this Node node, ProblemList problems)
    {
        if (node.Items() is { } items)
        {
            return items;
        }

        problems.Add(node, $"Expected a list, found {Kind(node)}.", "Write a list.");
        return [];
    }

    /// <summary>What a value is, in a user's words.</summary>
    public static string Kind(Node node) => node.Element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => node.Element.GetString()!.Length == 0 ? "an empty text" : "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "nothing",
    };
}
