using System.Collections.Immutable;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Discovery;

/// <summary>
/// How endpoints come back whose ejection lapsed: by a trickle of this proxy's own requests, until so many have succeeded with no failure among them.
/// Nobody says that they are well; only that nobody is there any more to say they are not. Rejected: all at once at full weight, which
/// sends a share of the traffic to whatever is still broken; and never, which would make a lost control plane eject for ever.
/// </summary>
public sealed class LapsedReturns
{
    /// <summary>Requests that must succeed, with no failure among them, until an endpoint has its full weight again.</summary>
    public const int Proof = 5;

    private readonly Dictionary<(string Cluster, string Key), Start> _trying = [];
    private readonly HashSet<(string Cluster, string Key)> _proven = [];

    private readonly record struct Start(long Succeeded, long Failed);

    /// <summary>Endpoints of that cluster that have proven themselves.</summary>
    public ImmutableHashSet<string> ProvenOf(string cluster) => [.. _proven.Where(p => p.Cluster == cluster).Select(p => p.Key)];

    /// <summary>Looks at how those on trial are doing; says which clusters have one more that is proven.</summary>
    /// <param name="onTrial">Endpoints that get a trickle now.</param>
    public IReadOnlySet<string> Look(IEnumerable<EndpointState> onTrial)
    {
        var clusters = new HashSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in onTrial)
        {
            var name = (endpoint.Cluster, endpoint.Key);
            if (!_trying.TryGetValue(name, out var start) || start.Failed != endpoint.Failed)
            {
                _trying[name] = new Start(endpoint.Succeeded, endpoint.Failed);
            }
            else if (endpoint.Succeeded - start.Succeeded >= Proof)
            {
                _proven.Add(name);
                clusters.Add(endpoint.Cluster);
            }
        }

        return clusters;
    }

    /// <summary>An endpoint was taken out here: what it had proven counts no more.</summary>
    public void Withdraw(string cluster, string key)
    {
        _trying.Remove((cluster, key));
        _proven.Remove((cluster, key));
    }

    /// <summary>The control plane is back.</summary>
    public void Clear()
    {
        _trying.Clear();
        _proven.Clear();
    }
}
