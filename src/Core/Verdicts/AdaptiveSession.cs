using System.Collections.Immutable;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Core.Weights;

namespace Mesh.Core.Verdicts;

/// <summary>
/// One service's weights that follow the load: gathers what is reported between two steps, lets the controller step, and puts its factors on the
/// endpoints. It has no clock; its owner calls <see cref="Step"/> once in an interval while it is <see cref="Active"/>.
/// <para>
/// The factor is put on when the snapshot is made, and is no part of the endpoint's own state: it concerns all endpoints of the service at once, changes
/// often, and is worth nothing without the others'. Rejected: telling each endpoint's grain its factor, which would be a call and a write for each endpoint at each step.
/// </para>
/// </summary>
/// <remarks>Not safe for several threads.</remarks>
public sealed class AdaptiveSession
{
    private static readonly TimeSpan LongestWindow = TimeSpan.FromMinutes(1);

    private readonly ReportAccumulator _seen = new();
    private readonly Dictionary<string, int> _entered = new(StringComparer.Ordinal);
    private DateTimeOffset? _stepped;
    private DateTimeOffset? _began;

    /// <summary>What the controller knows.</summary>
    public AdaptiveState State { get; private set; } = AdaptiveState.None;

    /// <summary>Whether there is anything to step for: reports since the last step, or factors that are not at rest at 100.</summary>
    public bool Active => _seen.Count > 0 || State.Endpoints.Values.Any(endpoint => Math.Abs(endpoint.Factor - AdaptiveController.Neutral) > 1);

    /// <summary>When the next step is due; null while there is nothing to step for, or nobody has reported yet.</summary>
    public DateTimeOffset? Due(TrafficPolicy policy)
    {
        if (!Active || policy.AdaptiveWeights is not { } bounds)
        {
            return null;
        }

        // An interval after the last step; after a pause, after the report that ended it.
        var next = _stepped + bounds.Interval;
        return next is null || next < _began ? _began + bounds.Interval : next;
    }

    /// <summary>The factors in force that are not 100, for the disk.</summary>
    public ImmutableSortedDictionary<string, int> Factors => State.Endpoints
        .Where(endpoint => endpoint.Value.InForce != AdaptiveController.Neutral)
        .ToImmutableSortedDictionary(endpoint => endpoint.Key, endpoint => endpoint.Value.InForce, StringComparer.Ordinal);

    /// <summary>Goes on from factors that were in force before a restart.</summary>
    public void Resume(IEnumerable<KeyValuePair<string, int>> factors) => State = AdaptiveState.Of(factors);

    /// <summary>Takes what was reported. Nothing is gathered while the policy does not ask for weights that follow the load.</summary>
    /// <param name="seen">Of this service's endpoints.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="now">When it arrived.</param>
    public void Observe(IEnumerable<EndpointObservation> seen, TrafficPolicy policy, DateTimeOffset now)
    {
        if (policy.AdaptiveWeights is null)
        {
            return;
        }

        _began = _seen.Count == 0 ? now : _began;
        foreach (var observation in seen)
        {
            _seen.Add(observation);
        }
    }

    /// <summary>One step.</summary>
    /// <param name="endpoints">All endpoints of the service, as they are without their factors.</param>
    /// <param name="policy">The policy in force; one that does not ask for it ends it, and all factors are 100 again.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether a new version of the snapshot is due, and what of it belongs into the ledger.</returns>
    public (bool Publish, ImmutableArray<LedgerEntry> Entries) Step(IEnumerable<EndpointSnapshot> endpoints, TrafficPolicy policy, DateTimeOffset now)
    {
        var seen = _seen.Flush().ToDictionary(observation => observation.EndpointId, StringComparer.Ordinal);
        if (policy.AdaptiveWeights is not { } bounds)
        {
            var was = State.Endpoints.Count > 0;
            State = AdaptiveState.None;
            _entered.Clear();
            (_stepped, _began) = (null, null);
            return (was, []);
        }

        var window = now - _stepped is { } since && since > TimeSpan.Zero && since < LongestWindow ? since : bounds.Interval;
        _stepped = now;
        var inRotation = endpoints.Where(endpoint => endpoint.InRotation).ToList();
        var before = State;
        var step = AdaptiveController.Step(
            before, [.. inRotation.Select(endpoint => new EndpointLoad(endpoint.Id, endpoint.Weight, seen.GetValueOrDefault(endpoint.Id)))], window, bounds);
        State = step.State;
        foreach (var gone in _entered.Keys.Where(id => !State.Endpoints.ContainsKey(id)).ToList())
        {
            _entered.Remove(gone);
        }

        return (step.Publish, step.Publish ? Entries(inRotation, before, policy, now) : []);
    }

    /// <summary>An endpoint with its factor on; as it is when the policy does not ask for it.</summary>
    public EndpointSnapshot Weigh(EndpointSnapshot endpoint, TrafficPolicy policy)
    {
        if (policy.AdaptiveWeights is null || !State.Endpoints.ContainsKey(endpoint.Id) || !endpoint.InRotation)
        {
            return endpoint;
        }

        var factor = State.FactorOf(endpoint.Id);
        return endpoint with
        {
            Weight = EffectiveWeight.Times(endpoint.Weight, factor),
            AdaptivePercent = factor,
            AdaptiveReason = State.ReasonOf(endpoint.Id),
        };
    }

    /// <summary>
    /// What people should read about: a weight that is further from what was last entered of it than the hysteresis, and at least 10 %. What moves a little
    /// because others moved is in the snapshot.
    /// </summary>
    private ImmutableArray<LedgerEntry> Entries(List<EndpointSnapshot> endpoints, AdaptiveState before, TrafficPolicy policy, DateTimeOffset now)
    {
        var worth = Math.Max(10, policy.AdaptiveWeights!.HysteresisPercent) / 100.0;
        var entries = ImmutableArray.CreateBuilder<LedgerEntry>();
        foreach (var endpoint in endpoints)
        {
            var factor = State.FactorOf(endpoint.Id);
            var entered = _entered.GetValueOrDefault(endpoint.Id, before.FactorOf(endpoint.Id));
            if (Math.Abs(factor - entered) > worth * entered)
            {
                entries.Add(new LedgerEntry
                {
                    At = now,
                    EndpointId = endpoint.Id,
                    Kind = LedgerKind.Weight,
                    Reason = State.ReasonOf(endpoint.Id) ?? "",
                    Policy = policy.Source,
                    WeightBefore = EffectiveWeight.Times(endpoint.Weight, entered),
                    WeightAfter = EffectiveWeight.Times(endpoint.Weight, factor),
                });
                _entered[endpoint.Id] = factor;
            }
            else
            {
                _entered.TryAdd(endpoint.Id, entered);
            }
        }

        return entries.ToImmutable();
    }
}
