using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core.Localities;
using Node = Envoy.Config.Core.V3.Node;

namespace Mesh.Xds.Translation;

/// <summary>
/// Where a client says that it runs: <c>node.locality</c>, and its labels from <c>node.metadata.LABELS</c>, which is where Istio's proxies put them. What is too
/// long, or beyond the number that is taken, is as if it were not said.
/// </summary>
public static class ClientPlaces
{
    /// <summary>Labels of one client that are looked at; the first by name.</summary>
    public const int MostLabels = 64;

    /// <summary>Characters of a name or a value; Kubernetes allows no more.</summary>
    public const int LongestText = 253;

    /// <summary>The field of a node's metadata that holds its labels.</summary>
    public const string LabelsField = "LABELS";

    /// <summary>The place of the client that a node describes.</summary>
    public static ClientPlace Of(Node? node)
    {
        var at = node?.Locality;
        var place = at is null || at.Region.Length > LongestText || at.Zone.Length > LongestText || at.SubZone.Length > LongestText
            ? ClientPlace.Unknown
            : ClientPlace.At(at.Region, at.Zone, at.SubZone);
        return node?.Metadata?.Fields.TryGetValue(LabelsField, out var labels) == true && labels.KindCase == Value.KindOneofCase.StructValue
            ? place with { Labels = Read(labels.StructValue) }
            : place;
    }

    private static ImmutableSortedDictionary<string, string> Read(Struct labels) => labels.Fields
        .Where(static label => label.Value.KindCase == Value.KindOneofCase.StringValue
            && label.Key.Length <= LongestText && label.Value.StringValue.Length <= LongestText)
        .OrderBy(static label => label.Key, StringComparer.Ordinal)
        .Take(MostLabels)
        .ToImmutableSortedDictionary(static label => label.Key, static label => label.Value.StringValue, StringComparer.Ordinal);
}
