namespace Mesh.Core.Verdicts.Statistics;

/// <summary>
/// Evidence that a share of failures lies above a bound, kept up request by request and readable at any moment.
/// <para>
/// A gambler who does not believe in the bound p0 bets on every request. A bet of the share r of his fortune turns it into (1 - r) times as much after a success
/// and 1 + r (1 - p0) / p0 times as much after a failure; that is the likelihood ratio of the failure rate p0 + r (1 - p0) against p0. As long as the true rate is
/// at most p0 he cannot expect to gain, whatever he has seen, so that his fortune is an e-process: by Ville's inequality it ever reaches c with a chance of at most 1 / c. Several
/// gamblers bet different shares, because nobody knows the rate of an endpoint that breaks.
/// </para>
/// <para>
/// An endpoint does not break at the beginning of the count. So new gamblers come all the time, with a fortune of 1 in all for each interval, and what counts is the sum of all
/// fortunes: the Shiryaev-Roberts procedure, M = (M + w) x gain. Under the bound M minus all that was brought in cannot be expected to grow, so by optional stopping
/// the mean time until M reaches c is at least c intervals: a false alarm each c intervals, for ever, without any fixed window.
/// </para>
/// <para>
/// Sources: J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for sequential change detection" (2023); I. Waudby-Smith, A. Ramdas,
/// "Estimating means of bounded random variables by betting" (2023). Rejected: the classical SPRT and CUSUM (they need the rate after the change, or give no
/// guarantee when it is another), and testing again at each report at a fixed level (which errs in the end with certainty).
/// </para>
/// </summary>
/// <param name="Slight">The fortune of those who bet a tenth at a time.</param>
/// <param name="Clear">A quarter.</param>
/// <param name="Half">A half.</param>
/// <param name="Most">Nine tenths.</param>
public readonly record struct EProcess(double Slight, double Clear, double Half, double Most)
{
    private const double Sorts = 4;

    /// <summary>
    /// How many times over the threshold the fortune is kept. More would say nothing more, and would have to be lost again before an endpoint that has recovered is believed.
    /// </summary>
    private const double Surplus = 1000;

    /// <summary>All fortunes together.</summary>
    public double Value => Slight + Clear + Half + Most;

    /// <summary>The evidence after more requests.</summary>
    /// <param name="succeeded">Those that ended well.</param>
    /// <param name="failed">Those that did not.</param>
    /// <param name="bound">p0: the rate of failures that is believed until then, above 0 and at most 1, known before these requests.</param>
    /// <param name="brought">What new gamblers bring: the time since the last step in intervals, 0 to 1.</param>
    /// <param name="threshold">The value at which somebody acts.</param>
    public EProcess Step(long succeeded, long failed, double bound, double brought, double threshold)
    {
        var share = brought / Sorts;
        var most = threshold * Surplus / Sorts;
        return new(Next(Slight, 0.1), Next(Clear, 0.25), Next(Half, 0.5), Next(Most, 0.9));

        // A fortune of 0 stays 0 however large the gain, which may be infinite.
        double Next(double fortune, double bet) => fortune + share is > 0 and var all
            ? Math.Min(most, all * Math.Exp(LogGain(succeeded, failed, bound, bet)))
            : 0;
    }

    /// <summary>The fewest failures among so many requests that turn a fortune of 1 into the threshold; null when not even failures alone do.</summary>
    public static long? FewestFailures(long requests, double bound, double threshold)
    {
        var (few, enough) = (-1L, requests);
        if (!Suffices(enough))
        {
            return null;
        }

        while (enough - few > 1)
        {
            var middle = few + (enough - few) / 2;
            (few, enough) = Suffices(middle) ? (few, middle) : (middle, enough);
        }

        return enough;

        bool Suffices(long failed) => default(EProcess).Step(requests - failed, failed, bound, 1, threshold).Value >= threshold;
    }

    private static double LogGain(long succeeded, long failed, double bound, double bet) =>
        failed * Math.Log(1 + bet * (1 - bound) / bound) + succeeded * Math.Log(1 - bet);
}
