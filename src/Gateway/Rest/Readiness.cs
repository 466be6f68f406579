using System.Globalization;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Gateway.Drain;
using Mesh.Gateway.View;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mesh.Gateway.Rest;

/// <summary>A condition of readiness.</summary>
public interface IReadinessCheck
{
    /// <summary>One word for people and monitors.</summary>
    string Name { get; }

    /// <summary>Whether traffic should stay away while it is not met. Otherwise it is shown, and the work goes on with less.</summary>
    bool Required => true;

    /// <summary>Null when it is met; otherwise why not, for people, without anything of an exception.</summary>
    Task<string?> Check(CancellationToken cancellationToken);
}

/// <summary>
/// Asks all conditions, at most once a second however often it is asked: probes must not become a load of their own.
/// </summary>
internal sealed class Readiness(IEnumerable<IReadinessCheck> checks, IDrainStatus drain, TimeProvider time, ILogger<Readiness> logger)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<ReadinessView>? _last;
    private long _asked;

    /// <summary>What was found last; null before anybody asked.</summary>
    public ReadinessView? Last { get; private set; }

    public Task<ReadinessView> Ask()
    {
        lock (_gate)
        {
            // Who leaves says so at once: it has no second to wait until balancers hear of it.
            if (_last is null || drain.Phase != DrainPhase.Serving || time.GetElapsedTime(_asked) > Fresh || (_last.IsCompletedSuccessfully && !_last.Result.Ready))
            {
                // One round at a time.
                if (_last is null || _last.IsCompleted)
                {
                    (_last, _asked) = (Round(), time.GetTimestamp());
                }
            }

            return _last;
        }
    }

    private async Task<ReadinessView> Round()
    {
        var answers = await Task.WhenAll(checks.Select(One));
        return Last = new ReadinessView(Array.TrueForAll(answers, static answer => answer.Ok || !answer.Required), answers);
    }

    private async Task<ReadinessCheckView> One(IReadinessCheck check)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            var reason = await check.Check(limit.Token).WaitAsync(limit.Token);
            return new(check.Name, reason is null, reason, check.Required);
        }
        catch (OperationCanceledException)
        {
            return new(check.Name, false, $"It did not answer within {Limit.TotalSeconds:0} s.", check.Required);
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "The readiness check {Check} failed", check.Name);
            return new(check.Name, false, "It failed; the log says why.", check.Required);
        }
    }
}

/// <summary>Everything that exists has been read, and the silos are heard of.</summary>
internal sealed class ViewCheck(IMeshView view) : IReadinessCheck
{
    public string Name => "view";

    public Task<string?> Check(CancellationToken cancellationToken) =>
        Task.FromResult(
            view.Ready ? null
            : !view.Complete ? $"The services are still being read; {view.Services.Count} so far."
            : string.Create(CultureInfo.InvariantCulture, $"The silos were last heard of {view.NewsAge.TotalSeconds:0.0} s ago; this gateway serves new streams when it has caught up."));
}

/// <summary>Nobody has told it to stop.</summary>
internal sealed class DrainCheck(IDrainStatus drain) : IReadinessCheck
{
    public string Name => "drain";

    public Task<string?> Check(CancellationToken cancellationToken) =>
        Task.FromResult(drain.Phase == DrainPhase.Serving ? null : $"It is leaving ({drain.Phase}); {drain.Streams} streams are left.");
}

/// <summary>A silo answers, out of its memory: that a store is away is for others to say.</summary>
internal sealed class GrainCheck(IGrainFactory grains) : IReadinessCheck
{
    public string Name => "grains";

    public async Task<string?> Check(CancellationToken cancellationToken)
    {
        await grains.GetGrain<IClusterGrain>(0).Members();
        return null;
    }
}
