using System.Collections.Immutable;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Discovery;

/// <summary>
/// The fallback while the control plane is away: an endpoint that fails so many times in a row is taken out here, for a while that grows
/// with each time, within the cluster's percentage. The smallest part of outlier detection that keeps a dead endpoint from being tried
/// for ever; everything that compares endpoints is left to the mesh, which sees more.
/// </summary>
public sealed class LocalOutliers
{
    private readonly Dictionary<(string Cluster, string Key), Ejection> _ejections = [];

    /// <summary>Endpoints of that cluster that are out.</summary>
    public ImmutableHashSet<string> EjectedOf(string cluster) =>
        [.. _ejections.Where(e => e.Key.Cluster == cluster && e.Value.Out).Select(e => e.Key.Key)];

    /// <summary>An endpoint's run of failures grew; says whether it is now out.</summary>
    /// <param name="cluster">Its cluster.</param>
    /// <param name="endpoints">The cluster's endpoints.</param>
    /// <param name="key">Which endpoint.</param>
    /// <param name="run">Failures in a row.</param>
    /// <param name="proven">Endpoints that the mesh ejected and that have proven themselves here since that lapsed.</param>
    /// <param name="now">Now.</param>
    public bool Failed(ClusterConfig cluster, EndpointsConfig endpoints, string key, int run, IReadOnlySet<string> proven, DateTimeOffset now)
    {
        var outliers = cluster.Outliers;
        _ejections.TryGetValue((cluster.Name, key), out var before);
        if (outliers.Consecutive5xx == 0 || run < outliers.Consecutive5xx || before is { Out: true } || endpoints.Endpoints.FirstOrDefault(e => e.Key == key) is not { } endpoint)
        {
            return false;
        }

        // What the mesh ejected within its budget needs none of ours to stay out.
        var outOfMesh = Unproven(endpoint);
        var here = EjectedOf(cluster.Name);
        var outAlready = endpoints.Endpoints.Count(e => here.Contains(e.Key) || Unproven(e));
        var within = 100L * (outAlready + 1) <= (long)outliers.MaxEjectionPercent * endpoints.Endpoints.Length;
        if (!outOfMesh && !within && !(outliers.AlwaysEjectOneHost && outAlready == 0))
        {
            return false;
        }

        var times = (before?.Times ?? 0) + 1;
        var length = Math.Min(outliers.BaseEjectionTime.Ticks * (double)times, Math.Max(outliers.MaxEjectionTime.Ticks, outliers.BaseEjectionTime.Ticks));
        _ejections[(cluster.Name, key)] = new Ejection(true, times, now + TimeSpan.FromTicks((long)length));
        return true;

        bool Unproven(EndpointConfig one) => one.Health == EndpointHealth.Unhealthy && !proven.Contains(one.Key);
    }

    /// <summary>Ends the ejections whose time is over; says which.</summary>
    public IReadOnlyList<(string Cluster, string Key)> Expire(DateTimeOffset now)
    {
        var over = _ejections.Where(e => e.Value.Out && e.Value.Until <= now).Select(e => e.Key).ToList();
        foreach (var key in over)
        {
            _ejections[key] = _ejections[key] with { Out = false };
        }

        return over;
    }

    /// <summary>The control plane is back and its verdicts count: forgets everything. Says which clusters had an endpoint out.</summary>
    public IReadOnlySet<string> Clear()
    {
        var clusters = _ejections.Where(e => e.Value.Out).Select(e => e.Key.Cluster).ToHashSet(StringComparer.Ordinal);
        _ejections.Clear();
        return clusters;
    }

    private sealed record Ejection(bool Out, int Times, DateTimeOffset Until);
}
