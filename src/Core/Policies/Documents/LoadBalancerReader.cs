namespace Mesh.Core.Policies.Documents;

/// <summary>Reads <c>loadBalancer</c>: one of <c>simple</c> and <c>consistentHash</c>, and beside it weights and localities.</summary>
internal static class LoadBalancerReader
{
    private const int LargestRing = 8 * 1024 * 1024;
    private const int LongestHeaderName = 256;

    private static readonly FieldTable Fields = new(
        ["simple", "consistentHash", "localityLbSetting", WeightsReader.Warmup, WeightsReader.OldWarmup, WeightsReader.Adaptive], [], []);

    private static readonly FieldTable HashFields = new(
        ["httpHeaderName", "useSourceIp", "ringHash", "minimumRingSize"], ["httpCookie", "httpQueryParameterName", "maglev"], []);

    private static readonly FieldTable RingFields = new(["minimumRingSize"], [], []);

    private static readonly Dictionary<string, LoadBalancerAlgorithm> Simple = new(StringComparer.Ordinal)
    {
        ["UNSPECIFIED"] = TrafficPolicy.Default.LoadBalancer,
        ["LEAST_REQUEST"] = LoadBalancerAlgorithm.LeastRequest,
        ["LEAST_CONN"] = LoadBalancerAlgorithm.LeastRequest,
        ["ROUND_ROBIN"] = LoadBalancerAlgorithm.RoundRobin,
        ["RANDOM"] = LoadBalancerAlgorithm.Random,
    };

    public static TrafficPolicy Read(Node node, TrafficPolicy policy, ProblemList problems)
    {
        var fields = Fields.Read(node, problems);
        var hasSimple = fields.TryGetValue("simple", out var simple);
        var hasHash = fields.TryGetValue("consistentHash", out var hash);
        if (hasSimple && hasHash)
        {
            problems.Add(simple, "simple and consistentHash exclude each other.", "Keep one of the two.");
        }

        // Both are read even so: whatever else is wrong with them is to be said at once.
        policy = WeightsReader.Read(new(fields, problems), policy, problems);
        policy = fields.TryGetValue("localityLbSetting", out var locality)
            ? policy with { LocalityLbSetting = LocalityLbSettingReader.Read(locality, problems) }
            : policy;
        policy = hasSimple && ReadSimple(simple, problems) is { } algorithm ? policy with { LoadBalancer = algorithm } : policy;
        return hasHash ? policy with { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = ReadHash(hash, problems) } : policy;
    }

    private static LoadBalancerAlgorithm? ReadSimple(Node node, ProblemList problems)
    {
        if (node.Text(problems) is not { } name)
        {
            return null;
        }

        if (Simple.TryGetValue(name, out var algorithm))
        {
            return algorithm;
        }

        if (name == "PASSTHROUGH")
        {
            problems.Add(node, "PASSTHROUGH is not acted on yet.", $"Write one of {string.Join(", ", Simple.Keys)}.");
        }
        else
        {
            var near = Spelling.Nearest(name, Simple.Keys);
            problems.Add(
                node, "The algorithm is unknown.", near is null ? $"Write one of {string.Join(", ", Simple.Keys)}." : $"Did you mean {near}?");
        }

        return null;
    }

    private static ConsistentHash ReadHash(Node node, ProblemList problems)
    {
        var fields = HashFields.Read(node, problems);
        var header = fields.TryGetValue("httpHeaderName", out var headerNode) ? ReadHeaderName(headerNode, problems) : null;
        var sourceIp = fields.TryGetValue("useSourceIp", out var sourceNode) && sourceNode.Flag(problems) == true;
        if (header is not null && sourceIp)
        {
            problems.Add(sourceNode, "httpHeaderName and useSourceIp exclude each other.", "Keep one of the two.");
        }
        else if (!fields.ContainsKey("httpHeaderName") && !sourceIp)
        {
            problems.Add(node, "Nothing says what to hash.", "Write httpHeaderName, or useSourceIp: true.");
        }

        return new() { HttpHeaderName = header, UseSourceIp = sourceIp, MinimumRingSize = ReadRingSize(fields, problems) };
    }

    private static int ReadRingSize(IReadOnlyDictionary<string, Node> fields, ProblemList problems)
    {
        var inner = fields.TryGetValue("ringHash", out var ring)
            && RingFields.Read(ring, problems).TryGetValue("minimumRingSize", out var innerNode)
                ? innerNode.Whole(0, LargestRing, problems)
                : null;
        var outer = fields.TryGetValue("minimumRingSize", out var outerNode) ? outerNode.Whole(0, LargestRing, problems) : null;
        if (inner is not null && outer is not null)
        {
            problems.Add(outerNode, "The ring's size is there twice.", "Keep ringHash.minimumRingSize; the other is its old form.");
        }

        return (inner ?? outer) is { } size and > 0 ? size : new ConsistentHash().MinimumRingSize;
    }

    private static string? ReadHeaderName(Node node, ProblemList problems)
    {
        if (node.Text(problems) is not { } name)
        {
            return null;
        }

        if (name.Length <= LongestHeaderName && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
        {
            return name;
        }

        problems.Add(node, "This is not the name of an HTTP header.", "Write one like x-user-id.");
        return null;
    }
}
