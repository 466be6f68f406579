using System.Collections.Immutable;
using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>Reads <c>loadBalancer.localityLbSetting</c>, with the exclusions that Istio's own validation has.</summary>
internal static class LocalityLbSettingReader
{
    private const int MostEntries = 100;
    private const int LongestName = 253;

    // One more than can be right: each share is 1 at least, and together they are 100.
    private const int MostShares = 101;

    private static readonly FieldTable Fields = new(["enabled", "distribute", "failover", "failoverPriority"], [], []);

    private static readonly FieldTable Pair = new(["from", "to"], [], []);

    /// <summary>Null when it says that localities are to make no difference.</summary>
    public static LocalityLbSetting? Read(Node node, ProblemList problems)
    {
        var found = new FoundFields(Fields.Read(node, problems), problems);
        found.OneOf(["distribute", "failover", "failoverPriority"]);
        var setting = new LocalityLbSetting
        {
            Distribute = found.Find("distribute") is { } distribute ? ReadDistribute(distribute, problems) : [],
            Failover = found.Find("failover") is { } failover ? ReadFailover(failover, problems) : [],
            FailoverPriority = found.Find("failoverPriority") is { } labels ? ReadLabels(labels, problems) : [],
        };
        return found.Flag("enabled", true) ? setting : null;
    }

    private static ImmutableArray<LocalityDistribution> ReadDistribute(Node node, ProblemList problems)
    {
        var read = ImmutableArray.CreateBuilder<LocalityDistribution>();
        var froms = new List<string>();
        foreach (var item in Entries(node, problems))
        {
            var fields = Pair.Read(item, problems);
            var from = Envelope.Required(fields, "from", "Name the clients' locality, as in us-east/*.", problems, item.Path) is { } fromNode
                ? Pattern(fromNode, froms, problems)
                : null;
            var to = Envelope.Required(fields, "to", "Write localities with their shares in percent.", problems, item.Path) is { } toNode
                ? ReadShares(toNode, problems)
                : null;
            if (from is not null && to is not null)
            {
                read.Add(new(from, to));
            }
        }

        return read.DrainToImmutable();
    }

    private static ImmutableSortedDictionary<string, int>? ReadShares(Node node, ProblemList problems)
    {
        if (node.Element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(node, $"Expected an object, found {Values.Kind(node)}.", "Write localities with their shares, as in {\"us-east/*\": 80, \"us-west/*\": 20}.");
            return null;
        }

        var shares = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        var (seen, sum, whole) = (new List<string>(), 0, true);
        foreach (var property in node.Element.EnumerateObject().Take(MostShares))
        {
            var field = node.Field(property.Name, property.Value);
            var locality = Locality(property.Name, field, seen, problems);
            if (field.Whole(1, 100, problems) is { } share && locality is not null)
            {
                shares[locality] = share;
                sum += share;
            }
            else
            {
                whole = false;
            }
        }

        if (whole && sum != 100)
        {
            problems.Add(node, $"The shares are {sum} together.", "Make them 100.");
        }

        return shares.ToImmutable();
    }

    private static ImmutableArray<LocalityFailover> ReadFailover(Node node, ProblemList problems)
    {
        var read = ImmutableArray.CreateBuilder<LocalityFailover>();
        foreach (var item in Entries(node, problems))
        {
            var fields = Pair.Read(item, problems);
            var from = Envelope.Required(fields, "from", "Name the clients' region.", problems, item.Path) is { } fromNode ? Region(fromNode, problems) : null;
            var to = Envelope.Required(fields, "to", "Name the region that takes over.", problems, item.Path) is { } toNode ? Region(toNode, problems) : null;
            if (from is null || to is null)
            {
                continue;
            }

            if (from == to)
            {
                problems.Add(fields["to"], "A region cannot take over from itself.", "Name another region.");
            }
            else if (read.Any(r => r.From == from))
            {
                problems.Add(fields["from"], "The region has a stand-in already; only the first would have an effect.", "Keep one.");
            }
            else
            {
                read.Add(new(from, to));
            }
        }

        return read.DrainToImmutable();
    }

    private static ImmutableArray<string> ReadLabels(Node node, ProblemList problems)
    {
        var read = ImmutableArray.CreateBuilder<string>();
        foreach (var item in Entries(node, problems))
        {
            if (item.Text(problems) is not { } label)
            {
                continue;
            }

            var key = label.Split('=')[0];
            if (label.Length > LongestName || key.Length == 0)
            {
                problems.Add(item, "This is not the name of a label.", "Write one like topology.kubernetes.io/zone, or name=value.");
            }
            else if (read.Any(r => r.Split('=')[0] == key))
            {
                problems.Add(item, "The label is there twice.", "Keep one.");
            }
            else
            {
                read.Add(label);
            }
        }

        return read.DrainToImmutable();
    }

    private static IReadOnlyList<Node> Entries(Node node, ProblemList problems)
    {
        var items = node.Items(problems);
        if (items.Count <= MostEntries)
        {
            return items;
        }

        problems.Add(node.Path, null, $"The list has {items.Count} entries.", $"Write at most {MostEntries}.");
        return [];
    }

    private static string? Region(Node node, ProblemList problems)
    {
        if (node.Text(problems) is not { } region)
        {
            return null;
        }

        if (region.Length <= LongestName && !region.Contains('/', StringComparison.Ordinal) && !region.Contains('*', StringComparison.Ordinal))
        {
            return region;
        }

        problems.Add(node, "This is not the name of a region.", "Write a region alone, without zone and wildcard.");
        return null;
    }

    private static string? Pattern(Node node, List<string> seen, ProblemList problems) =>
        node.Text(problems) is { } text ? Locality(text, node, seen, problems) : null;

    /// <summary>A locality or a pattern of some; of one list no two may match the same place.</summary>
    private static string? Locality(string text, Node node, List<string> seen, ProblemList problems)
    {
        var parts = text.Split('/');
        var star = text.IndexOf('*', StringComparison.Ordinal);
        if (text.Length > LongestName || parts.Length > 3 || parts.Contains("") || (star >= 0 && (star != text.Length - 1 || parts[^1] != "*")))
        {
            problems.Add(node, $"'{(text.Length > LongestName ? text[..LongestName] : text)}' is not a locality.", "Write region/zone/subzone, region/zone/* or region/*; * alone is any.");
            return null;
        }

        var bare = parts[^1] == "*" ? parts[..^1] : parts;
        foreach (var other in seen)
        {
            var others = other.Split('/') is [.. var head, "*"] ? head : other.Split('/');
            var common = Math.Min(bare.Length, others.Length);
            if (bare.AsSpan(0, common).SequenceEqual(others.AsSpan(0, common)))
            {
                problems.Add(node, $"{text} and {other} overlap.", "Let no two of them match one place.");
                return null;
            }
        }

        seen.Add(text);
        return text;
    }
}
