using System.Collections.Immutable;
using System.Globalization;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>
/// Whose response times stand out against its peers'.
/// <para>
/// An endpoint that answers everything, only slowly, fails no request and is invisible to every other detector, and yet it makes the tail of each caller.
/// Compared is a high quantile with the median of the peers' quantiles, which a single slow peer does not move. It must be larger by a factor
/// (three milliseconds against one is no reason) and by a difference, and more requests must lie above that limit than chance explains.
/// </para>
/// <para>
/// Rejected: comparing means (one request that hangs moves them), and a fixed limit in the policy, which is a guess about the service that goes stale.
/// </para>
/// </summary>
public static class LatencyDetector
{
    /// <summary>Whose quantile is an outlier. <see cref="OutlierEvidence.Count"/> is the requests above the limit, to the accuracy of a bucket, counted low.</summary>
    /// <param name="windows">All endpoints that take traffic.</param>
    /// <param name="policy">The limits.</param>
    public static IEnumerable<EjectionProposal> Judge(ImmutableArray<EndpointWindow> windows, OutlierDetection policy)
    {
        var share = policy.LatencyQuantile / 100.0;
        (EndpointWindow Window, LatencySketch Sketch, double Quantile)[] compared =
        [
            .. windows.Where(window => window.Latency is { Count: > 0 } sketch && sketch.Count >= policy.LatencyRequestVolume)
                .Select(window => (window, window.Latency!, window.Latency!.Quantile(share))),
        ];
        if (compared.Length < Math.Max(2, policy.LatencyMinimumHosts))
        {
            yield break;
        }

        var sorted = compared.Select(one => one.Quantile).Order().ToArray();
        foreach (var (window, sketch, quantile) in compared)
        {
            var peers = MedianWithout(sorted, quantile);
            var limit = Math.Max(peers * policy.LatencyFactor / 100, peers + policy.LatencyMinimumDifference.TotalSeconds);
            if (quantile < limit)
            {
                continue;
            }

            var others = compared.Where(one => !ReferenceEquals(one.Window, window)).ToArray();
            var slow = sketch.CountAbove(limit);
            var allowed = Math.Max(
                (long)((1 - share) * sketch.Count),
                FisherTest.Allowed(sketch.Count, others.Sum(one => one.Sketch.CountAbove(limit)), others.Sum(one => one.Sketch.Count)));
            if (slow > allowed)
            {
                yield return new(window.EndpointId, new OutlierEvidence(OutlierDetector.Latency, slow, allowed + 1)
                {
                    Requests = sketch.Count,
                    Observed = quantile,
                    Limit = limit,
                    Peers = peers,
                    Hosts = compared.Length,
                    Since = window.Since,
                    Note = string.Create(CultureInfo.InvariantCulture, $"p{policy.LatencyQuantile}; counted are the requests above the limit"),
                });
            }
        }
    }

    /// <summary>The median of all but one; of an even number of peers the lower of the two in the middle... is not taken: their mean is.</summary>
    private static double MedianWithout(double[] sorted, double one)
    {
        var skip = Array.BinarySearch(sorted, one);
        var left = sorted.Length - 1;
        return (At(left / 2) + At((left - 1) / 2)) / 2;

        double At(int i) => sorted[i < skip ? i : i + 1];
    }
}
