using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Verdicts;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Services;

/// <content>
/// Weights that follow the load, while the policy asks for them. The controller steps on a timer and not at each report: reports of many gateways come at any moment,
/// and what it goes by are sums over a period. The timer lives as long as there is traffic or a factor that is not 100.
/// </content>
public sealed partial class ServiceGrain
{
    private readonly AdaptiveSession _adaptive = new();
    private DateTimeOffset _weightsSaved;
    private TimeSpan _weighsEvery;
    private IGrainTimer? _weighing;

    /// <summary>What was reported is gathered for the next step.</summary>
    private void FollowLoad(IEnumerable<EndpointObservation> seen)
    {
        _adaptive.Observe(seen, Policy, _time.GetUtcNow());
        PaceWeights();
    }

    /// <summary>After a restart weights go on from where they were, or every slow endpoint would be flooded once more.</summary>
    private void ResumeWeights()
    {
        if (Policy.AdaptiveWeights is not null && Row.AdaptiveFactors is { } factors)
        {
            _adaptive.Resume(factors);
            PaceWeights();
        }
    }

    /// <summary>Another policy is in force. One that does not ask for weights that follow the load puts them back to 100 at once.</summary>
    private void ChangePaceOfWeights()
    {
        if (Policy.AdaptiveWeights is null)
        {
            _adaptive.Step([], Policy, _time.GetUtcNow());
        }

        PaceWeights();
    }

    private void PaceWeights()
    {
        if (Policy.AdaptiveWeights is not { } bounds || !_adaptive.Active)
        {
            _weighing?.Dispose();
            _weighing = null;
        }
        else if (_weighing is null)
        {
            _weighsEvery = bounds.Interval;
            _weighing = this.RegisterGrainTimer(StepWeights, new GrainTimerCreationOptions(_weighsEvery, _weighsEvery) { KeepAlive = true });
        }
        else if (_weighsEvery != bounds.Interval)
        {
            _weighsEvery = bounds.Interval;
            _weighing.Change(_weighsEvery, _weighsEvery);
        }
    }

    private async Task StepWeights(CancellationToken cancellationToken)
    {
        var (publish, entries) = _adaptive.Step(_board.Endpoints, Policy, _time.GetUtcNow());
        if (publish)
        {
            _board.Touch();
            Publish();
            await _pen.Enter(entries);
        }

        await SaveWeights();
        PaceWeights();
    }

    /// <summary>
    /// Now and then, and when they come to rest: they are worth a start from about where they were, and not a write for each step. A write that fails
    /// costs nothing but that.
    /// </summary>
    private async Task SaveWeights()
    {
        var now = _time.GetUtcNow();
        var factors = _adaptive.Factors;
        if ((_adaptive.Active && now - _weightsSaved < _settings.SaveWeights) || Same(factors, Row.AdaptiveFactors))
        {
            return;
        }

        _weightsSaved = now;
        try
        {
            await Change(row => (row with { AdaptiveFactors = factors.IsEmpty ? null : factors }, true));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            GrainMetrics.Faulted("service");
            _log.LogWarning(e, "Service {Service} could not write down its weights; it tries again", _id);
        }
    }

    private static bool Same(ImmutableSortedDictionary<string, int> factors, ImmutableSortedDictionary<string, int>? stored) =>
        factors.Count == (stored?.Count ?? 0) && factors.All(one => stored!.TryGetValue(one.Key, out var factor) && factor == one.Value);
}
