using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Contracts;

namespace Mesh.Gateway.Rest.Status;

/// <summary>What is wrong, in words and with what to do about it, the worst first: what keeps changes from being made, then what serves less than it should, then what may come.</summary>
internal static class StatusFindings
{
    /// <summary>The state of a silo that is a member and does not answer.</summary>
    public const string NoAnswer = "NoAnswer";

    public static ImmutableArray<StatusFinding> Of(
        IReadOnlyCollection<SiloStatusView> silos, IReadOnlyCollection<GatewayStatusView> gateways, IReadOnlyCollection<StoreStatusView> stores, IReadOnlyCollection<string> missing)
    {
        var found = ImmutableArray.CreateBuilder<StatusFinding>();
        foreach (var store in stores.Where(static store => !store.Up).OrderBy(static store => store.Role == nameof(StoreRole.State) ? 0 : 1))
        {
            var whom = store.DownFor.Count == store.Asked || store.DownFor.Count == 0 ? "" : $" for {string.Join(", ", store.DownFor)}";
            found.Add(new(
                true, $"The store {store.Name} is away{whom}. {store.Detail ?? Consequence(store)}",
                $"Bring {store.Name} back; everything recovers by itself."));
        }

        if (missing.Contains("the list of silos"))
        {
            found.Add(new(true, "No silo answers.", "See whether the silos run, and their logs; this gateway goes on serving what it knows."));
        }

        foreach (var silo in silos.Where(static silo => silo.State == NoAnswer))
        {
            found.Add(new(
                true, $"Silo {silo.Name} is a member and does not answer.",
                "Wait a few seconds: if it is dead its grains wake elsewhere. If it stays so, look at its process and its log."));
        }

        foreach (var gateway in gateways.Where(static gateway => gateway.Stale))
        {
            found.Add(new(
                true, $"Gateway {gateway.Name} ({gateway.Rest}) has been silent for {gateway.HeardSecondsAgo:0} s.", "Look at its process and its network; if it was taken away on purpose it is forgotten before long."));
        }

        foreach (var gateway in gateways.Where(static gateway => !gateway.Stale && !gateway.Ready))
        {
            found.Add(new(
                true, $"Gateway {gateway.Name} ({gateway.Rest}) is not ready{(gateway.Complaints.Count > 0 ? $": {gateway.Complaints[0]}" : "")}", "Wait until it has read everything, or see /readyz there."));
        }

        foreach (var store in stores.Where(static store => store.Warning is not null))
        {
            found.Add(new(false, $"{store.Name}: {store.Warning}", "Change it before it is needed."));
        }

        foreach (var silo in silos.Where(static silo => silo.State is nameof(SiloState.Joining) or nameof(SiloState.Draining)))
        {
            found.Add(new(false, $"Silo {silo.Name} is {(silo.State == nameof(SiloState.Joining) ? "joining" : "draining")}.", "Wait; it is done by itself."));
        }

        foreach (var dead in silos.Where(dead => dead.State == nameof(SiloState.Dead) && !silos.Any(other => other.Name == dead.Name && other.State != nameof(SiloState.Dead))))
        {
            found.Add(new(false, $"Silo {dead.Name} has left or died, and has not come back.", "Start it again, unless that is meant."));
        }

        var versions = silos.Select(static silo => silo.Version).Concat(gateways.Select(static gateway => gateway.Version)).Where(static version => !string.IsNullOrEmpty(version)).Distinct().Order(StringComparer.Ordinal).ToList();
        if (versions.Count > 1)
        {
            found.Add(new(false, $"There are {versions.Count} versions side by side: {string.Join(", ", versions)}.", "Bring the upgrade to its end."));
        }

        return [.. found.DistinctBy(static finding => finding.Text)];
    }

    public static string Headline(IReadOnlyCollection<StatusFinding> findings, IReadOnlyCollection<SiloStatusView> silos, IReadOnlyCollection<GatewayStatusView> gateways)
    {
        var wrong = findings.Where(static finding => finding.Wrong).ToList();
        if (wrong.Count > 0)
        {
            return wrong.Count == 1 ? $"Degraded: {wrong[0].Text}" : $"Degraded: {wrong[0].Text} ({wrong.Count - 1} more)";
        }

        var active = silos.Count(static silo => silo.State == nameof(SiloState.Active));
        var parts = $"{Count(active, "silo")} and {Count(gateways.Count, "gateway")}";
        return findings.Count == 0 ? $"Well: {parts}." : $"Well: {parts}; {Count(findings.Count, "thing")} to know.";
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static string Consequence(StoreStatusView store) => store.Role == nameof(StoreRole.State)
        ? "What runs goes on; changes are refused, for nothing can be promised."
        : "What runs goes on; no silo can join, and none can be declared dead.";
}
