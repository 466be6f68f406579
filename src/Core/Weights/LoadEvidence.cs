using Mesh.Core.Outliers;

namespace Mesh.Core.Weights;

/// <summary>
/// What an endpoint was seen to do, as sums that fade: with each step the past counts 0.3 times as much as before, but of an endpoint with
/// few requests it counts longer, until there are about twenty to judge by.
/// </summary>
/// <param name="Requests">Requests that ended, faded.</param>
/// <param name="Failed">Of these: badly.</param>
/// <param name="Answered">Requests of which it is known how long they took.</param>
/// <param name="AnsweredSeconds">How long these took together.</param>
/// <param name="InFlightSeconds">Requests under way, integrated over time.</param>
/// <param name="InFlight">Requests under way on average in the newest period.</param>
/// <param name="InFlightBefore">The same in the one before it.</param>
public readonly record struct LoadEvidence(
    double Requests, double Failed, double Answered, double AnsweredSeconds, double InFlightSeconds, double InFlight, double InFlightBefore)
{
    private const double Fading = 0.3;
    private const double LongestMemory = 0.97;
    private const double Plenty = 20;
    private const double Absurd = 1e12;

    /// <summary>How many requests there are to judge by. Those under way count: one that never ends says something, too.</summary>
    public double Weight => Requests + InFlight;

    /// <summary>How many measured requests the evidence is worth: a response time by Little's law is a guess from samples, worth a quarter.</summary>
    public double Worth => Answered > 0 ? Weight : Weight / 4;

    /// <summary>The share of failures, 0 to 1.</summary>
    public double FailureShare => Requests > 0 ? Failed / Requests : 0;

    /// <summary>
    /// Seconds from a request's start to its end, failures not counted in. Where latencies are not reported, by Little's law: the mean
    /// number under way = requests a second x seconds each. And where they are, half of that at least, because requests that do not end are in
    /// no latency; half, because reporters sample the number under way.
    /// </summary>
    public double ResponseSeconds
    {
        get
        {
            var little = InFlightSeconds / Math.Max(1, Requests);
            return Answered > 0 ? Math.Max(AnsweredSeconds / Answered, little / 2) : little;
        }
    }

    /// <summary>Whether a queue is being worked off: far fewer are under way than in the period before.</summary>
    public bool Drains => InFlightBefore > 4 && InFlight < 0.9 * InFlightBefore;

    /// <summary>With what was seen in another period.</summary>
    /// <param name="seen">Null for nothing.</param>
    /// <param name="seconds">The period's length; more than 0.</param>
    public LoadEvidence With(EndpointObservation? seen, double seconds)
    {
        var (succeeded, failed) = (Sane(seen?.Succeeded ?? 0), Sane(seen?.Failed ?? 0));
        var inFlight = Sane(seen?.InFlightSeconds ?? 0) / seconds;
        var keep = Math.Clamp(1 - (succeeded + failed + inFlight) / Plenty, Fading, LongestMemory);
        return new(
            Requests * keep + succeeded + failed,
            Failed * keep + failed,
            Answered * keep + Sane(seen?.Latency?.Count ?? 0),
            AnsweredSeconds * keep + Sane(seen?.Latency?.SumSeconds ?? 0),
            InFlightSeconds * keep + inFlight * seconds,
            inFlight,
            InFlight);
    }

    // Figures come from other processes.
    private static double Sane(double figure) => figure > 0 ? Math.Min(figure, Absurd) : 0;
}
