using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Core.Localities;

/// <summary>
/// What the labels say that a <c>failoverPriority</c> names. Region, zone and subzone are labels too, under the names that Kubernetes and Istio gave them; where
/// nobody set such a label, the locality stands in for it.
/// </summary>
public static class FailoverLabels
{
    /// <summary>The region's label.</summary>
    public const string Region = "topology.kubernetes.io/region";

    /// <summary>The zone's label.</summary>
    public const string Zone = "topology.kubernetes.io/zone";

    /// <summary>The subzone's label.</summary>
    public const string SubZone = "topology.istio.io/subzone";

    /// <summary>What somebody has of each label, in the setting's order; empty where it has none. Nothing for a setting without labels.</summary>
    public static ImmutableArray<string> Had(LocalityLbSetting? setting, Locality place, IReadOnlyDictionary<string, string> labels) =>
        setting is null ? [] : [.. setting.FailoverPriority.Select(label => Value(NameOf(label), place, labels))];

    /// <summary>What an endpoint should have of each, to come first for this client: what the setting says (<c>name=value</c>), or what the client has.</summary>
    public static ImmutableArray<string> Wanted(LocalityLbSetting setting, ClientPlace client) =>
        [.. setting.FailoverPriority.Select(label => label.Split('=', 2) is [_, var value] ? value : Value(label, client.Locality, client.Labels))];

    private static string NameOf(string label) => label.Split('=', 2)[0];

    private static string Value(string name, Locality place, IReadOnlyDictionary<string, string> labels) => labels.TryGetValue(name, out var value)
        ? value
        : name switch
        {
            Region => place.Region,
            Zone => place.Zone,
            SubZone => place.SubZone,
            _ => "",
        };
}
