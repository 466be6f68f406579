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

    private static readonly FieldTable Spec = new(["host", "trafficPolicy"], ["subsets", "exportTo", "workloadSelector"], []);

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
        var host = Envelope.Required(fields, "host", "Name the service that this governs.", problems, spec.Path) is { } node
            ? DocumentReader.Host(node, envelope.Namespace, problems)
            : null;
        var policy = fields.TryGetValue("trafficPolicy", out var traffic) ? TrafficPolicyReader.Read(traffic, problems) : TrafficPolicy.Default;
        return host is { } service ? new(Kind, envelope.Namespace, envelope.Name, service, new(Traffic: policy)) : null;
    }
}
