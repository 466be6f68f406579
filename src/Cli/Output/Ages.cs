using System.Buffers;
using System.Globalization;

namespace Mesh.Cli.Output;

/// <summary>Lengths of time as people read them in a table: at most two units, as in <c>3m12s</c> or <c>5d4h</c>.</summary>
internal static class Ages
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static string Since(DateTimeOffset? then, DateTimeOffset now) => then is { } at ? Of(now - at) : "-";

    public static string Until(DateTimeOffset? then, DateTimeOffset now) => then is not { } at ? "-" : at <= now ? "now" : $"in {Of(at - now)}";

    public static string Of(TimeSpan length)
    {
        // Rounded, so that what was asked for a moment ago is not shown as a second less.
        var t = length < TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Round(length.TotalSeconds, MidpointRounding.AwayFromZero));
        FormattableString text = t switch
        {
            { TotalSeconds: < 120 } => $"{(int)t.TotalSeconds}s",
            { TotalMinutes: < 10 } => $"{(int)t.TotalMinutes}m{t.Seconds}s",
            { TotalHours: < 2 } => $"{(int)t.TotalMinutes}m",
            { TotalHours: < 24 } => $"{(int)t.TotalHours}h{t.Minutes}m",
            { TotalDays: < 10 } => $"{(int)t.TotalDays}d{t.Hours}h",
            _ => $"{(int)t.TotalDays}d",
        };
        return text.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads <c>30s</c>, <c>500ms</c>, <c>2m</c>, <c>1h</c> or <c>1m30s</c>; null when it is none of them.</summary>
    public static TimeSpan? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits);
            var unit = letters < 0 ? rest : rest[..letters];
            double? seconds = unit switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3600, _ => null };
            if (seconds is null || number * seconds.Value > TimeSpan.MaxValue.TotalSeconds / 2)
            {
                return null;
            }

            total += TimeSpan.FromSeconds(number * seconds.Value);
            rest = letters < 0 ? [] : rest[letters..];
        }

        return total;
    }
}
