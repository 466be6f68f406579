using System.Text.Json;
using Mesh.Core.Policies.Documents;

namespace Mesh.Core.Policies;

/// <summary>
/// Reads Istio's DestinationRule, and says all that is wrong with one at once.
/// <para>
/// The complaint about meshes is that a bad document is accepted, then refused by the proxy, and blocks what comes after it; or that a
/// field is dropped in silence and its author believes for a year that it works. So every field is either acted on or refused with its path,
/// its value and the reason; only <c>metadata.labels</c> and <c>metadata.annotations</c> may say anything, because they are not about traffic.
/// </para>
/// <para>
/// Rejected: deserialising into classes with unknown members disallowed. It stops at the first error, cannot tell "unknown" from "not acted on
/// yet", takes the last of two fields of one name, and loses the path within lists.
/// </para>
/// </summary>
public static class DestinationRuleCompiler
{
    /// <summary>The kind that this compiles.</summary>
    public const string Kind = "DestinationRule";

    private static readonly string[] ApiVersions =
        ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

    private static readonly FieldTable Spec = new(["host", "trafficPolicy"], ["subsets", "exportTo", "workloadSelector"], []);

    /// <summary>Compiles a document that is still a text.</summary>
    /// <returns>What it means, or every reason why it means nothing.</returns>
    public static Outcome<CompiledPolicy> Compile(string json)
    {
        var problems = new ProblemList();
        return Inspection.Parse(json, problems) is { } root ? Compile(root) : Outcome.Refused<CompiledPolicy>(problems.ToImmutable());
    }

    /// <summary>Compiles a document that has been parsed.</summary>
    /// <returns>What it means, or every reason why it means nothing.</returns>
    public static Outcome<CompiledPolicy> Compile(JsonElement document)
    {
        var problems = new ProblemList();
        var root = Node.Root(document);
        Inspection.Check(root, problems);
        var compiled = problems.IsEmpty ? Read(root, problems) : null;
        return compiled is not null && problems.IsEmpty
            ? Outcome.Of(compiled)
            : Outcome.Refused<CompiledPolicy>(problems.ToImmutable());
    }

    private static CompiledPolicy? Read(Node root, ProblemList problems)
    {
        if (Envelope.Read(root, Kind, ApiVersions, problems) is not { Spec: { } spec } envelope)
        {
            return null;
        }

        var fields = Spec.Read(spec, problems);
        var host = ReadHost(fields, spec, envelope.Namespace, problems);
        var policy = fields.TryGetValue("trafficPolicy", out var traffic) ? TrafficPolicyReader.Read(traffic, problems) : TrafficPolicy.Default;
        return host is { } service ? new(Kind, envelope.Namespace, envelope.Name, service, policy) : null;
    }

    private static ServiceId? ReadHost(IReadOnlyDictionary<string, Node> fields, Node spec, string ns, ProblemList problems)
    {
        if (Envelope.Required(fields, "host", "Name the service that this governs.", problems, spec.Path) is not { } node
            || node.Text(problems) is not { } host)
        {
            return null;
        }

        if (host.Contains('*', StringComparison.Ordinal))
        {
            problems.Add(node, "A wildcard host is not acted on yet: a document binds to one service.", "Write one document for each service.");
            return null;
        }

        if (HostNames.Resolve(host, ns) is { } service)
        {
            return service;
        }

        problems.Add(node, "This is not the host name of a service.", "Write name, name.namespace.mesh or name.namespace.svc.cluster.local, without a port.");
        return null;
    }
}
