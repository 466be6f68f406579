using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>
/// Envoy's two interval detectors, over what all proxies saw.
/// <para>
/// Envoy runs them in each proxy, where their volumes (100 and 50 requests per endpoint and interval) are rarely reached: 100 proxies that share 2,000 requests
/// a second over 20 endpoints see ten each. Over the mesh the same endpoint has a thousand.
/// </para>
/// <para>
/// The success rate's rule is <c>rate &lt; mean - factor x stdev</c>. Of twenty healthy endpoints one lies 1.9 standard deviations below the mean in six of ten
/// intervals; in Envoy that is an ejection, which few notice because the volume is not reached. So here it must also be more than chance explains
/// (<see cref="FisherTest"/>). Rejected: a larger factor alone, which is still wrong for small volumes, and blind with few endpoints: of n endpoints
/// none can lie further than the root of n - 1 standard deviations from the mean.
/// </para>
/// </summary>
public static class RateDetectors
{
    /// <summary>Said of evidence about answers only.</summary>
    public const string AnswersOnly = "answers only; local-origin failures are looked at apart";

    /// <summary>Said of evidence about local-origin failures only.</summary>
    public const string LocalOriginOnly = "local-origin failures only";

    /// <summary>Whose success rate is an outlier.</summary>
    /// <param name="windows">All endpoints that take traffic.</param>
    /// <param name="policy">The limits.</param>
    public static IEnumerable<EjectionProposal> SuccessRate(ImmutableArray<EndpointWindow> windows, OutlierDetection policy) =>
        Each(windows, policy, (of, note) =>
            SuccessRate(Sample.WithVolume(windows, of, policy.SuccessRateRequestVolume), policy, note));

    /// <summary>Who failed too large a share of its requests, whatever the others did.</summary>
    /// <param name="windows">All endpoints that take traffic.</param>
    /// <param name="policy">The limits.</param>
    public static IEnumerable<EjectionProposal> FailurePercentage(ImmutableArray<EndpointWindow> windows, OutlierDetection policy) =>
        Each(windows, policy, (of, note) =>
            FailurePercentage(Sample.WithVolume(windows, of, policy.FailurePercentageRequestVolume), policy, note));

    private static IEnumerable<EjectionProposal> Each(
        ImmutableArray<EndpointWindow> windows,
        OutlierDetection policy,
        Func<Func<EndpointWindow, Sample>, string?, IEnumerable<EjectionProposal>> judge) =>
        windows.IsEmpty ? []
        : policy.SplitExternalLocalOriginErrors ? judge(Sample.OfAnswers, AnswersOnly).Concat(judge(Sample.OfLocalOrigin, LocalOriginOnly))
        : judge(Sample.OfAll, null);

    private static IEnumerable<EjectionProposal> SuccessRate(ImmutableArray<Sample> samples, OutlierDetection policy, string? note)
    {
        if (samples.Length < Math.Max(2, policy.SuccessRateMinimumHosts))
        {
            yield break;
        }

        var mean = samples.Average(sample => sample.Share);
        var stdev = Math.Sqrt(samples.Average(sample => (sample.Share - mean) * (sample.Share - mean)));
        // Shares of failures instead of successes: too low a success rate is too high a share.
        var limit = mean + policy.SuccessRateStdevFactor / 1000.0 * stdev;
        var pool = Pool.Of(samples);
        foreach (var sample in samples.Where(sample => sample.Bad > 0 && sample.Share > limit))
        {
            var peers = pool.Without(sample);
            var allowed = Math.Max((long)(limit * sample.Requests), FisherTest.Allowed(sample.Requests, peers.Bad, peers.Requests));
            if (sample.Bad > allowed)
            {
                yield return Propose(OutlierDetector.SuccessRate, sample, peers, samples.Length, allowed + 1, (double)allowed / sample.Requests, note);
            }
        }
    }

    private static IEnumerable<EjectionProposal> FailurePercentage(ImmutableArray<Sample> samples, OutlierDetection policy, string? note)
    {
        if (samples.Length < policy.FailurePercentageMinimumHosts)
        {
            yield break;
        }

        var pool = Pool.Of(samples);
        foreach (var sample in samples)
        {
            var threshold = Math.Max(1, (long)Math.Ceiling(policy.FailurePercentageThreshold * (decimal)sample.Requests / 100));
            if (sample.Bad >= threshold)
            {
                yield return Propose(
                    OutlierDetector.FailurePercentage, sample, pool.Without(sample), samples.Length, threshold, policy.FailurePercentageThreshold / 100.0, note);
            }
        }
    }

    private static EjectionProposal Propose(
        OutlierDetector detector, Sample sample, Pool peers, int hosts, long threshold, double limit, string? note) =>
        new(sample.Window.EndpointId, new OutlierEvidence(detector, sample.Bad, threshold)
        {
            Requests = sample.Requests,
            Observed = sample.Share,
            Limit = limit,
            Peers = peers.Share,
            Hosts = hosts,
            Since = sample.Window.Since,
            Sources = sample.Sources,
            Note = note,
        });
}
