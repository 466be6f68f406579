using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Core.Weights;

/// <summary>
/// Lets weights follow the load, so that the mesh's response time comes down.
/// <para>
/// Think of the tills in a supermarket. At each stands a line that nobody else sees as a whole: a customer knows the one that he is in. The
/// control plane sees all of them and tells newcomers at which to queue, and how many to each. It does so in small steps, since those whom it
/// has sent are seen in the lines only later, and it leaves a line alone that is getting shorter by itself.
/// </para>
/// <para>
/// The law: an endpoint's factor goes to the square of (P / its response time), where P is one number for the service, found so that the
/// weighted mean of the factors stays 100. So an endpoint gets a quarter of its share when requests take twice as long there as at the
/// endpoints that are where they should be. The sum of response times is least where the next request costs the same everywhere; that cost
/// rises at least as fast as the response time, and faster the nearer an endpoint is to its capacity. The square comes close to it
/// without knowing anything of capacities, and keeps a trickle at slow endpoints by which their recovery is seen.
/// </para>
/// <para>
/// What keeps it quiet, and was found to be needed in the queueing simulation (<c>tests/Simulation/Queues</c>):
/// differences are followed with the square for small ones, so that noise (less evidence, more noise) moves nothing;
/// an endpoint whose direction turns moves less than half as boldly from then on, and gains its boldness back by and by: the loop's gain near
/// saturation, unknown and hundreds of times that of an idle endpoint, is thus found and not assumed;
/// an endpoint whose queue is being worked off is not cut further; no step exceeds the policy's bound; and what is pushed changes
/// only past the hysteresis.
/// </para>
/// <para>
/// Failures: each is taken as ten mean response times, so that answering fast and badly attracts nobody. Where every endpoint fails alike,
/// nothing changes.
/// </para>
/// <para>
/// Rejected, each after trying (docs/adr/0016): the optimum of a fitted M/M/1 model and equalising T²/S (service time S from low quantiles),
/// which see a queue of several workers too late and twice the noise; a fixed gain, which is either too slow for 10 s or swings at 85 % of the
/// capacity; equalising response times without an anchor, where alike endpoints wander off from each other.
/// </para>
/// </summary>
public static class AdaptiveController
{
    /// <summary>The factor that changes nothing, in percent.</summary>
    public const int Neutral = 100;

    /// <summary>How many mean response times a failure counts as.</summary>
    public const double FailureCost = 10;

    // The weight falls with this power of the response time. More is nearer to the optimum at little load and swings at much; see the ADR.
    private const double Power = 2;
    private const double Gain = 0.4;
    private const double LeastBoldness = 0.1;
    private const double Noise = 0.3;
    private const double NoiseOfOneRequest = 4;
    private const double SignificanceOfOneRequest = 1.5;
    private const double AfterATurn = 0.4;
    private const double ByAndBy = 1.05;
    private const double InAHurry = 1.25;
    private const double FarOff = 0.5;
    private const double FullEvidence = 10;
    private const double Return = 0.05;
    private const double LongestSeconds = 1e9;

    /// <summary>One step. Nothing in the figures can make it throw or leave the policy's bounds.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="loads">The endpoints in rotation; one with a new id begins at 100. Those left out are forgotten.</param>
    /// <param name="window">Since the last step.</param>
    /// <param name="policy">The bounds.</param>
    public static AdaptiveStep Step(AdaptiveState state, IReadOnlyCollection<EndpointLoad> loads, TimeSpan window, AdaptiveWeights policy)
    {
        var seconds = Math.Max(0.001, window.TotalSeconds);
        var lanes = loads.Select(load => new Lane(load, (state.Endpoints.GetValueOrDefault(load.EndpointId) ?? new()), seconds)).ToList();
        var requests = lanes.Sum(lane => lane.Load.Requests);
        var mean = requests > 0 ? lanes.Sum(lane => lane.Load.ResponseSeconds * lane.Load.Requests) / requests : 0;
        lanes.ForEach(lane => lane.Judge(mean));
        var bounds = new Bounds(policy);
        var price = Price(lanes, bounds);
        var moved = lanes.ToImmutableSortedDictionary(
            lane => lane.Id, lane => lane.Move(bounds.Hold(lane.Before.Factor, lane.Wanted(price)), price), StringComparer.Ordinal);
        var publish = moved.Values.Any(endpoint => bounds.IsOff(endpoint));
        return new(new AdaptiveState { Endpoints = publish ? AdaptiveText.Explain(PutInForce(moved, bounds)) : moved }, publish);
    }

    private static ImmutableSortedDictionary<string, AdaptiveEndpoint> PutInForce(
        ImmutableSortedDictionary<string, AdaptiveEndpoint> endpoints, Bounds bounds) =>
        endpoints.SetItems(endpoints.Select(one => KeyValuePair.Create(one.Key, one.Value with { InForce = bounds.Publishable(one.Value) })));

    /// <summary>
    /// The price P, as a logarithm: the response time at which a factor of 100 is right. The factors all grow with it, so halving the interval
    /// finds the one at which their weighted mean is 100, or as near to that as the bounds of a step allow.
    /// </summary>
    private static double Price(List<Lane> lanes, Bounds bounds)
    {
        var whole = lanes.Sum(lane => lane.Share * Neutral);
        var (low, high) = (-Math.Log(LongestSeconds) - 10, Math.Log(LongestSeconds) + 10);
        for (var i = 0; i < 50; i++)
        {
            var middle = (low + high) / 2;
            var sum = lanes.Sum(lane => lane.Share * bounds.Hold(lane.Before.Factor, lane.Wanted(middle)));
            (low, high) = sum < whole ? (middle, high) : (low, middle);
        }

        return high;
    }

    private sealed class Lane(EndpointLoad load, AdaptiveEndpoint before, double seconds)
    {
        private readonly double _anchor = Math.Log(Math.Max(1, before.Factor) / Neutral) / Power;
        private double _cost;
        private double _noise;
        private double _gain;

        public string Id => load.EndpointId;

        public AdaptiveEndpoint Before => before;

        public double Share { get; } = Math.Max(1, load.Weight);

        public LoadEvidence Load { get; } = before.Load.With(load.Seen, seconds);

        /// <summary>Finds what a request costs here, and how far that is to be believed.</summary>
        /// <param name="mean">The mean response time of the whole service, in seconds.</param>
        public void Judge(double mean)
        {
            var failed = Load.FailureShare;
            var failures = FailureCost * mean * failed / Math.Max(0.02, 1 - failed);
            _cost = Math.Log(Math.Clamp(Load.ResponseSeconds + failures, 1e-6, LongestSeconds));
            _noise = Noise + NoiseOfOneRequest / Math.Sqrt(Load.Worth);
            _gain = Gain * Power * before.Boldness * Math.Min(1, Load.Weight / FullEvidence);
        }

        /// <summary>Where its factor would go at such a price, before any bound.</summary>
        public double Wanted(double price)
        {
            // Nobody knows how it fares: it goes back to its share, where it will be known.
            if (Load.Weight < 1)
            {
                return before.Factor * Math.Pow(Neutral / before.Factor, Return);
            }

            var error = Error(price);
            if (error < 0 && Load.Drains)
            {
                return before.Factor;
            }

            var believed = Math.Abs(error) / (Math.Abs(error) + _noise);
            return before.Factor * Math.Exp(Math.Clamp(_gain * error * believed, -5, 5));
        }

        public AdaptiveEndpoint Move(double factor, double price)
        {
            var move = Math.Log(factor / before.Factor);
            var error = Math.Abs(Error(price));
            if (Math.Abs(move) < 0.01 || error < SignificanceOfOneRequest / Math.Sqrt(Math.Max(1, Load.Worth)))
            {
                // What noise would explain is no turn.
                return Moved(factor, before.LastMove, ByAndBy);
            }

            return Moved(factor, move, move * before.LastMove < 0 ? AfterATurn : error > FarOff ? InAHurry : ByAndBy);
        }

        private AdaptiveEndpoint Moved(double factor, double move, double bolder) => before with
        {
            Factor = factor,
            Load = Load,
            Boldness = Math.Clamp(before.Boldness * bolder, LeastBoldness, 1),
            LastMove = move,
        };

        private double Error(double price) => price - _cost - _anchor;
    }

    private readonly struct Bounds(AdaptiveWeights policy)
    {
        private readonly double _least = Math.Clamp(policy.MinimumPercent, 1, Neutral);
        private readonly double _most = Math.Clamp(policy.MaximumPercent, Neutral, 1000);
        private readonly double _step = Math.Clamp(policy.MaximumStepPercent, 1, 100) / 100.0;
        private readonly double _hysteresis = Math.Max(0, policy.HysteresisPercent) / 100.0;

        /// <summary>Not further than a step, and between floor and ceiling, wherever it came from.</summary>
        public double Hold(double before, double wanted) =>
            Math.Clamp(Math.Clamp(wanted, before * (1 - _step), before * (1 + _step)), _least, _most);

        public bool IsOff(AdaptiveEndpoint endpoint) => Publishable(endpoint) != endpoint.InForce
            && Math.Abs(endpoint.Factor - endpoint.InForce) > _hysteresis * endpoint.InForce;

        /// <summary>Whole percent, not further than a step from what is in force.</summary>
        public int Publishable(AdaptiveEndpoint endpoint) => (int)Math.Round(Hold(endpoint.InForce, endpoint.Factor));
    }
}
