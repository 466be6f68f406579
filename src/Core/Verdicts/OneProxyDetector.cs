using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>
/// Finds endpoints whose failures one proxy sees and the others do not.
/// <para>
/// When the way between one proxy and one endpoint is broken, the endpoint is well for everybody else. A verdict for the whole mesh would be wrong: it would take a good
/// endpoint from a hundred proxies to spare one. So runs are ended by the others' successes, rates hardly move, and nobody is ejected; but it is recorded, with the
/// proxy's name, for whoever looks for the reason. What the proxy does meanwhile is its own affair: retries, and its own detector when it is Envoy.
/// </para>
/// <para>
/// Reports do not say how many requests each proxy sent, so its share in the endpoint's failures is compared with its share in the failures of all others: a proxy
/// that sees failures everywhere has a problem of its own, and one that sends most of the traffic sees most of the failures. Without any failures
/// elsewhere there is nothing to compare with. Where each client keeps to its own endpoint (a ring hash), this says no more than that.
/// </para>
/// </summary>
public static class OneProxyDetector
{
    /// <summary>Fewer failures than this are not worth a word.</summary>
    public const int FewestFailures = 5;

    /// <summary>Which endpoints fail for one proxy. <see cref="OutlierEvidence.Count"/> is that proxy's failures, <see cref="OutlierEvidence.Requests"/> all failures.</summary>
    /// <param name="windows">All endpoints that take traffic.</param>
    public static IEnumerable<EjectionProposal> Judge(ImmutableArray<EndpointWindow> windows)
    {
        var failed = windows.Aggregate(0L, (sum, window) => Saturating.Add(sum, window.Failed));
        var byProxy = windows.SelectMany(window => window.Sources).GroupBy(source => source.Proxy, StringComparer.Ordinal)
            .ToDictionary(sources => sources.Key, sources => sources.Aggregate(0L, (sum, source) => Saturating.Add(sum, source.Count)), StringComparer.Ordinal);
        foreach (var window in windows.Where(window => window.Succeeded > 0 && !window.Sources.IsEmpty))
        {
            // Sources come with the largest first, but for the one without a name.
            var most = window.Sources[0];
            var elsewhere = byProxy[most.Proxy] - most.Count;
            var allowed = most.Count < FewestFailures ? most.Count : FisherTest.Allowed(window.Failed, elsewhere, failed - window.Failed);
            if (most.Count > allowed)
            {
                yield return new(window.EndpointId, new OutlierEvidence(OutlierDetector.OneProxy, most.Count, allowed + 1)
                {
                    Requests = window.Failed,
                    Observed = (double)most.Count / window.Failed,
                    Limit = (double)allowed / window.Failed,
                    Peers = failed > window.Failed ? (double)elsewhere / (failed - window.Failed) : null,
                    Hosts = windows.Length,
                    Since = window.Since,
                    Sources = [most],
                });
            }
        }
    }
}
