using System.Globalization;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Core.Snapshots;

/// <summary>Changes in words, one line each, as people read them in the event stream.</summary>
internal static class ChangeText
{
    public static string Added(EndpointSnapshot endpoint) => $"{endpoint.Id} registered at {Place(endpoint)}, weight {endpoint.ConfiguredWeight}";

    public static string Removed(EndpointSnapshot endpoint) => $"{endpoint.Id} removed (was {endpoint.Status})";

    public static string Policy(TrafficPolicy before, TrafficPolicy after) => (before.Source, after.Source) switch
    {
        (null, { } source) => $"{source} is in force",
        ({ } source, null) => $"{source} is no longer in force; the defaults hold",
        ({ } old, { } source) when old != source => $"{source} is in force instead of {old}",
        _ => "the policy changed",
    };

    public static string Routing(ServiceRouting? before, ServiceRouting? after) => (before, after) switch
    {
        ({ } old, null) => $"{old.Source} is no longer in force; requests go to the service itself",
        ({ } old, { } now) when old.Source != now.Source => $"{now.Source} is in force instead of {old.Source}: {now.Describe()}",
        _ => $"{after!.Source} is in force: {after.Describe()}",
    };

    public static string Changed(EndpointSnapshot before, EndpointSnapshot after)
    {
        var parts = new List<string>();
        if (before.Status != after.Status)
        {
            parts.Add($"{before.Status} -> {after.Status}{Why(after)}");
        }
        else if (before.EjectedUntil != after.EjectedUntil)
        {
            parts.Add($"ejection changed{Why(after)}");
        }
        else if (before.Reason != after.Reason && after.Reason is not null)
        {
            parts.Add(after.Reason);
        }

        Say(parts, "address", Place(before), Place(after));
        if (before.ConfiguredWeight != after.ConfiguredWeight)
        {
            parts.Add($"weight {before.ConfiguredWeight} -> {after.ConfiguredWeight}");
        }
        else
        {
            Say(parts, "effective weight", Weights.EffectiveWeight.Text(before.Weight), Weights.EffectiveWeight.Text(after.Weight));
        }

        Say(parts, "locality", Where(before.Locality), Where(after.Locality));
        Say(parts, "ejection multiplier", $"{before.EjectionMultiplier}", $"{after.EjectionMultiplier}");
        if (!LabelEquality.Same(before.Labels, after.Labels))
        {
            parts.Add("labels changed");
        }

        return $"{after.Id}: {(parts.Count == 0 ? "changed" : string.Join(", ", parts))}";
    }

    private static void Say(List<string> parts, string what, string before, string after)
    {
        if (before != after)
        {
            parts.Add($"{what} {before} -> {after}");
        }
    }

    private static string Why(EndpointSnapshot endpoint)
    {
        var until = endpoint.EjectedUntil is { } end ? $" until {end.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)}" : "";
        return $"{until}{(endpoint.Reason is { } reason ? $" ({reason})" : "")}";
    }

    private static string Place(EndpointSnapshot endpoint) =>
        endpoint.Address.Contains(':', StringComparison.Ordinal) ? $"[{endpoint.Address}]:{endpoint.Port}" : $"{endpoint.Address}:{endpoint.Port}";

    private static string Where(Locality locality) => locality == Locality.Unknown ? "unknown" : $"{locality.Region}/{locality.Zone}/{locality.SubZone}";
}
