using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Node = Envoy.Config.Core.V3.Node;

namespace Mesh.Xds.Translation;

/// <summary>
/// What a node says of its client's part in the mesh: whether it stands at the edge, and what it reaches. Taken from <c>node.metadata</c>, or from the form of
/// Istio's node ids (<c>router~10.1.2.3~pod.namespace~domain</c>). Istio's agent turns an environment variable <c>ISTIO_META_X</c> into metadata <c>X</c>, so
/// a list may also be one text with commas.
/// </summary>
/// <param name="Role">What it is in the mesh.</param>
/// <param name="Reach">What it reaches.</param>
/// <param name="NotUnderstood">What was said and not understood, for people; it counts as not said, and never as more than was said.</param>
public sealed record NodeClaims(ClientRole Role, Reach Reach, ImmutableArray<string> NotUnderstood)
{
    /// <summary>The field of a node's metadata that says what it is in the mesh: <c>sidecar</c> or <c>ingress</c>.</summary>
    public const string RoleField = "MESH_ROLE";

    /// <summary>The field of a node's metadata that lists what it reaches.</summary>
    public const string ReachesField = "MESH_REACHES";

    /// <summary>Where Istio's proxies say in which namespace they run.</summary>
    public const string NamespaceField = "NAMESPACE";

    /// <summary>Entries of one list that are read.</summary>
    public const int MostEntries = 256;

    // Of what is not understood: enough to find the mistake, and no way to fill a page.
    private const int ShownEntries = 4;
    private const int ShownCharacters = 64;

    /// <summary>Reads them.</summary>
    public static NodeClaims Of(Node? node)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var role = RoleOf(node, problems);
        var reach = ReachOf(node, problems) ?? (role == ClientRole.Ingress ? Reach.Nothing : Reach.Everything);
        return new(role, reach, problems.DrainToImmutable());
    }

    private static ClientRole RoleOf(Node? node, ImmutableArray<string>.Builder problems)
    {
        switch (Text(node, RoleField))
        {
            case "ingress":
                return ClientRole.Ingress;
            case "sidecar":
                return ClientRole.Sidecar;
            case { } other:
                problems.Add($"node.metadata.{RoleField} is '{Shown(other)}'; write sidecar or ingress.");
                break;
        }

        return IdParts(node) is ["router", ..] ? ClientRole.Ingress : ClientRole.Sidecar;
    }

    private static Reach? ReachOf(Node? node, ImmutableArray<string>.Builder problems)
    {
        if (node?.Metadata?.Fields.TryGetValue(ReachesField, out var said) != true)
        {
            return null;
        }

        var entries = (said!.KindCase switch
        {
            Value.KindOneofCase.ListValue => said.ListValue.Values.Select(static v => v.KindCase == Value.KindOneofCase.StringValue ? v.StringValue : $"({v.KindCase})"),
            Value.KindOneofCase.StringValue => said.StringValue.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            _ => [$"({said.KindCase})"],
        }).Take(MostEntries + 1).ToList();
        if (entries.Count > MostEntries)
        {
            entries.RemoveAt(MostEntries);
            problems.Add($"node.metadata.{ReachesField} has more than {MostEntries} entries; the first {MostEntries} are read. Name whole namespaces.");
        }

        var reach = Reach.Of(entries, Text(node, NamespaceField) ?? NamespaceOfId(node), out var wrong);
        if (!wrong.IsEmpty)
        {
            problems.Add(
                $"node.metadata.{ReachesField}: {wrong.Length} of {entries.Count} entries are left out: {string.Join(", ", wrong.Take(ShownEntries).Select(Shown))}"
                + $"{(wrong.Length > ShownEntries ? ", ..." : "")}; write namespace/name, namespace/*, */*, or ./* where {NamespaceField} is given.");
        }

        return reach;
    }

    // sidecar~10.1.2.3~pod.namespace~namespace.svc.cluster.local
    private static string? NamespaceOfId(Node? node) =>
        IdParts(node) is [_, _, var pod, _] && pod.LastIndexOf('.') is > 0 and var dot && dot < pod.Length - 1 ? pod[(dot + 1)..] : null;

    private static string[] IdParts(Node? node) => node?.Id.Split('~') is { Length: 4 } parts ? parts : [];

    private static string? Text(Node? node, string field) =>
        node?.Metadata?.Fields.TryGetValue(field, out var value) != true ? null
        : value!.KindCase == Value.KindOneofCase.StringValue ? value.StringValue : $"({value.KindCase})";

    private static string Shown(string text) => text.Length <= ShownCharacters ? text : $"{text[..ShownCharacters]}...";
}
