namespace Mesh.Core.Verdicts.Statistics;

/// <summary>
/// How likely it is that chance alone gave one endpoint so many of all the failures.
/// <para>
/// Put all requests into an urn, the failed ones black, and draw as many as the endpoint had: the number of black ones among them is its failures
/// if it is like its peers. This is Fisher's exact test (R. A. Fisher, "Statistical Methods for Research Workers", 1934), one-sided. It needs no rate
/// to compare with: that the peers' own rate is known only from a sample is part of it.
/// </para>
/// <para>
/// Rejected: a z-test (wrong where it matters, with few failures), and a binomial tail at the peers' measured rate (with peers that happened to have no failure
/// the first one of the endpoint would be infinitely unlikely).
/// </para>
/// </summary>
public static class FisherTest
{
    /// <summary>
    /// What is less likely than this is not put down to chance: one in a million. A service with 20 endpoints and an interval of 10 s asks 63 million times a
    /// year, so this alone would allow 63 false alarms; the detectors that use it demand more at the same time.
    /// </summary>
    public const double Level = 1e-6;

    /// <summary>The precision of <see cref="Tail"/>'s sum.</summary>
    private const double Negligible = 1e-17;

    /// <summary>Beyond this the logarithms lose the figures that count; larger samples are taken as smaller ones of the same proportions.</summary>
    private const double MostRequests = 1e9;

    /// <summary>The chance that at least so many of the failures fall on the endpoint, 0 to 1.</summary>
    /// <param name="failed">The endpoint's failures.</param>
    /// <param name="requests">The endpoint's requests, failures included.</param>
    /// <param name="peersFailed">Its peers' failures, all together.</param>
    /// <param name="peersRequests">Its peers' requests, failures included.</param>
    public static double Tail(long failed, long requests, long peersFailed, long peersRequests)
    {
        var scale = Math.Max(1, ((double)requests + peersRequests) / MostRequests);
        var (k, n) = (Math.Floor(failed / scale), Math.Floor(requests / scale));
        var all = n + Math.Floor(peersRequests / scale);
        var black = k + Math.Floor(peersFailed / scale);
        // At the mean or below, or with nothing drawn, the tail is no smaller than about a half: no reason to add it up.
        if (k <= 0 || k * all <= n * black)
        {
            return 1;
        }

        var term = Math.Exp(LogChoose(black, k) + LogChoose(all - black, n - k) - LogChoose(all, n));
        var sum = 0.0;
        for (var most = Math.Min(n, black); term > sum * Negligible; k++)
        {
            sum += term;
            if (k >= most)
            {
                break;
            }

            term *= (black - k) / (k + 1) * ((n - k) / (all - black - n + k + 1));
        }

        return Math.Min(1, sum);
    }

    /// <summary>The most failures that the endpoint could have had without their being more than chance explains, at <see cref="Level"/>.</summary>
    /// <param name="requests">The endpoint's requests.</param>
    /// <param name="peersFailed">Its peers' failures, all together.</param>
    /// <param name="peersRequests">Its peers' requests, failures included.</param>
    public static long Allowed(long requests, long peersFailed, long peersRequests)
    {
        var (enough, toomuch) = (0L, requests + 1);
        while (toomuch - enough > 1)
        {
            var middle = enough + (toomuch - enough) / 2;
            if (Tail(middle, requests, peersFailed, peersRequests) >= Level)
            {
                enough = middle;
            }
            else
            {
                toomuch = middle;
            }
        }

        return enough;
    }

    private static double LogChoose(double n, double k) => LogGamma.OfFactorial(n) - LogGamma.OfFactorial(k) - LogGamma.OfFactorial(n - k);
}
