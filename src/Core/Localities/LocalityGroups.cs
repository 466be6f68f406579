using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Core.Localities;

/// <summary>
/// Which endpoints a client uses first, which when those fail, and in what shares: what Istio's <c>localityLbSetting</c> means for one client.
/// <para>
/// A call across zones costs time and often money, so the near endpoints come first; but a rule "only the near ones" would turn the failure of a zone
/// into an outage. Priorities say both: all traffic goes to the lowest number while enough of it is healthy, and spills over to the next as that falls
/// (<see cref="PriorityLoad"/>). Where shares are fixed (<c>distribute</c>) there is one priority, and each locality has a weight.
/// </para>
/// <para>
/// One thing no data plane does by itself: health is counted by endpoints and not by weights, so a zone whose only endpoint comes back on probation would get
/// all of its clients at once. While nobody of a priority takes its full share, those who have to prove themselves join the next priority in which somebody
/// does: there their low weight means a trickle. Where shares are fixed, such a locality gets a tenth of its share.
/// </para>
/// <para>
/// Rejected: sorting endpoints by distance and letting the proxy decide how many are enough. Priorities are what Envoy, gRPC and our proxy understand
/// alike, and the spill is where the budget of ejections has to look anyway.
/// </para>
/// </summary>
public static class LocalityGroups
{
    // So that the shares of localities within one pattern do not vanish in rounding: 100 percent is a million.
    private const ulong PerPercent = 10_000;

    // What is left of a fixed share while nobody of the locality takes its full one; as much as is left of an endpoint's weight.
    private const ulong ReturningDivisor = 10;

    /// <summary>The groups of a service's endpoints as one client is to use them, by priority and then by locality.</summary>
    /// <param name="setting">Null when localities make no difference: one priority, each endpoint with its own weight.</param>
    /// <param name="client">Whose view.</param>
    /// <param name="endpoints">All endpoints that are shown.</param>
    public static ImmutableArray<LocalityGroup> Of(LocalityLbSetting? setting, ClientPlace client, IReadOnlyList<PlacedEndpoint> endpoints)
    {
        if (setting is null)
        {
            return Grouped(endpoints, static _ => 0);
        }

        if (!setting.Distribute.IsEmpty)
        {
            var everywhere = Grouped(endpoints, static _ => 0);
            return RuleFor(setting, client.Locality) is { } rule ? Shared(everywhere, rule, endpoints) : everywhere;
        }

        if (!setting.FailoverPriority.IsEmpty)
        {
            var wanted = FailoverLabels.Wanted(setting, client);
            return Grouped(endpoints, endpoint => Unlike(wanted, endpoint.Traits));
        }

        return client.Locality == Locality.Unknown
            ? Grouped(endpoints, static _ => 0)
            : Grouped(endpoints, endpoint => Distance(client.Locality, endpoint.Locality, setting.Failover));
    }

    /// <summary>Which of the rules for shares holds for a client; null when none does.</summary>
    public static LocalityDistribution? RuleFor(LocalityLbSetting setting, Locality client) =>
        setting.Distribute.FirstOrDefault(rule => LocalityPattern.Matches(rule.From, client));

    /// <summary>
    /// Which endpoints stand or fall together for some client: those with equal names can be somebody's first choice, and nobody's first choice is less
    /// than one of them. All have one name when localities make no difference, and where shares are fixed, because there all are of one priority. It is what a
    /// budget of ejections has to be kept within, beside the service.
    /// </summary>
    public static string BudgetGroup(LocalityLbSetting? setting, Locality locality, IReadOnlyDictionary<string, string> labels) => setting switch
    {
        null or { Distribute.IsEmpty: false } => "",
        { FailoverPriority.IsEmpty: false } => string.Join(
            ", ", setting.FailoverPriority.Zip(FailoverLabels.Had(setting, locality, labels), static (label, value) => $"{label.Split('=')[0]}={value}")),
        _ => LocalityPattern.Text(locality),
    };

    /// <summary>0 in the same subzone, 1 zone, 2 region; 3 elsewhere, 4 where another region is named as the stand-in.</summary>
    private static int Distance(Locality client, Locality endpoint, ImmutableArray<LocalityFailover> failover)
    {
        if (client.Region == endpoint.Region)
        {
            return client.Zone != endpoint.Zone ? 2 : client.SubZone != endpoint.SubZone ? 1 : 0;
        }

        return failover.FirstOrDefault(f => f.From == client.Region) is { } named && named.To != endpoint.Region ? 4 : 3;
    }

    /// <summary>How many labels from the first that differs to the end: 0 when all are alike.</summary>
    private static int Unlike(ImmutableArray<string> wanted, ImmutableArray<string> had)
    {
        var alike = 0;
        while (alike < wanted.Length && wanted[alike] == had[alike])
        {
            alike++;
        }

        return wanted.Length - alike;
    }

    private static ImmutableArray<LocalityGroup> Grouped(IReadOnlyList<PlacedEndpoint> endpoints, Func<PlacedEndpoint, int> rank)
    {
        var proving = Proving(endpoints, rank);
        var groups = Enumerable.Range(0, endpoints.Count)
            .GroupBy(index => (Rank: RankOf(endpoints[index]), endpoints[index].Locality))
            .OrderBy(group => group.Key.Rank)
            .ThenBy(group => group.Key.Locality.Region, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Locality.Zone, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Locality.SubZone, StringComparer.Ordinal)
            .ToList();

        // Without gaps: Envoy and gRPC refuse a priority 2 without a 1.
        var ranks = groups.Select(group => group.Key.Rank).Distinct().ToList();
        return
        [
            .. groups.Select(group => new LocalityGroup(
                ranks.IndexOf(group.Key.Rank), group.Key.Locality, Sum(group.Select(index => endpoints[index].Weight)), [.. group])),
        ];

        int RankOf(PlacedEndpoint endpoint) =>
            endpoint.Use == EndpointUse.Returning && proving.TryGetValue(rank(endpoint), out var next) ? next : rank(endpoint);
    }

    /// <summary>Ranks in which nobody takes its full share, and to which rank those go meanwhile who return.</summary>
    private static Dictionary<int, int> Proving(IReadOnlyList<PlacedEndpoint> endpoints, Func<PlacedEndpoint, int> rank)
    {
        var returning = endpoints.Where(static e => e.Use == EndpointUse.Returning).Select(rank).ToHashSet();
        var full = returning.Count == 0 ? [] : endpoints.Where(static e => e.Use == EndpointUse.Full).Select(rank).ToHashSet();
        return returning
            .Where(from => !full.Contains(from) && full.Any(to => to > from))
            .ToDictionary(static from => from, from => full.Where(to => to > from).Min());
    }

    /// <summary>
    /// As in Istio: a share for several localities is divided in proportion to what is there, and a locality without a share gets nothing.
    /// </summary>
    private static ImmutableArray<LocalityGroup> Shared(
        ImmutableArray<LocalityGroup> groups, LocalityDistribution rule, IReadOnlyList<PlacedEndpoint> endpoints)
    {
        var shared = new SortedDictionary<int, LocalityGroup>();
        foreach (var (pattern, percent) in rule.To)
        {
            var matching = Enumerable.Range(0, groups.Length).Where(i => LocalityPattern.Matches(pattern, groups[i].Locality)).ToList();
            var all = matching.Aggregate(0ul, (sum, i) => sum + groups[i].Weight);
            foreach (var i in matching)
            {
                var weight = (UInt128)groups[i].Weight * (ulong)percent * PerPercent / all / (IsProving(groups[i]) ? ReturningDivisor : 1);
                shared[i] = groups[i] with { Weight = (uint)UInt128.Max(1, weight) };
            }
        }

        return [.. shared.Values];

        bool IsProving(LocalityGroup group) =>
            group.Members.Any(i => endpoints[i].Use == EndpointUse.Returning) && group.Members.All(i => endpoints[i].Use != EndpointUse.Full);
    }

    private static uint Sum(IEnumerable<uint> weights) => (uint)Math.Min(weights.Aggregate(0ul, static (sum, weight) => sum + weight), uint.MaxValue);
}
