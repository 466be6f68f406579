using System.Text.Json;
using Mesh.Core.Policies.Documents;

namespace Mesh.Core.Policies;

/// <summary>
/// Reads Istio's VirtualService, as far as it splits the requests for one service among several by weight, and says all that is wrong with one
/// at once, like <see cref="DestinationRuleCompiler"/>.
/// <para>
/// A canary is the change that people make most often, and a split is the smallest part of a VirtualService that makes one. What is
/// left out (matches, mirrors, faults, retries, time-outs) is refused by name: a match that is not looked at would send everybody to the canary.
/// </para>
/// <para>
/// Rejected: a format of our own. Shorter by ten lines, and what its author has learned and written for Istio would be worth nothing. Also
/// rejected: splitting by subsets of one service's endpoints. Outlier detection, budgets and pools then hold for a mixture of the
/// two versions that are to be told apart; as two services each has its own.
/// </para>
/// </summary>
public static class VirtualServiceCompiler
{
    /// <summary>The kind that this compiles.</summary>
    public const string Kind = "VirtualService";

    private const string Mesh = "mesh";

    private static readonly FieldTable Spec = new(["hosts", "gateways", "http"], ["tls", "tcp", "exportTo"], []);

    /// <summary>Compiles a document that is still a text.</summary>
    /// <returns>What it means, or every reason why it means nothing.</returns>
    public static Outcome<CompiledPolicy> Compile(string json) => DocumentReader.Compile(json, Read);

    /// <summary>Compiles a document that has been parsed.</summary>
    /// <returns>What it means, or every reason why it means nothing.</returns>
    public static Outcome<CompiledPolicy> Compile(JsonElement document) => DocumentReader.Compile(document, Read);

    private static CompiledPolicy? Read(Node root, ProblemList problems)
    {
        if (Envelope.Read(root, Kind, DocumentReader.ApiVersions, problems) is not { Spec: { } spec } envelope)
        {
            return null;
        }

        var fields = Spec.Read(spec, problems);
        var host = Envelope.Required(fields, "hosts", "Name the service whose requests are split.", problems, spec.Path) is { } hosts
            && Only(hosts, "host", "Write one document for each service.", problems) is { } only
                ? DocumentReader.Host(only, envelope.Namespace, problems)
                : null;
        if (fields.TryGetValue("gateways", out var gateways))
        {
            CheckGateways(gateways, problems);
        }

        var routing = Envelope.Required(fields, "http", "Write one rule with a route.", problems, spec.Path) is { } rules
            && Only(rules, "rule", "Keep the one that is to hold for all requests: there are no matches yet.", problems) is { } rule
                ? HttpRouteReader.Read(rule, envelope.Namespace, problems)
                : null;
        return host is { } service && routing is not null ? new(Kind, envelope.Namespace, envelope.Name, service, new(Routing: routing)) : null;
    }

    /// <summary>The one item of a list that must have exactly one.</summary>
    private static Node? Only(Node list, string what, string remedy, ProblemList problems)
    {
        if (list.Items() is not { } items)
        {
            problems.Add(list, $"Expected a list, found {Values.Kind(list)}.", $"Write a list of one {what}.");
            return null;
        }

        if (items.Count == 1)
        {
            return items[0];
        }

        problems.Add(list.Path, null, $"The list has {items.Count} entries, and exactly one {what} is acted on.", items.Count == 0 ? $"Write one {what}." : remedy);
        return null;
    }

    private static void CheckGateways(Node list, ProblemList problems)
    {
        foreach (var gateway in list.Items(problems))
        {
            if (gateway.Text(problems) is { } name && name != Mesh)
            {
                problems.Add(gateway, "Gateways are not acted on yet; requests from outside the mesh would not be split.", $"Leave gateways out, or write {Mesh} alone.");
            }
        }
    }
}
