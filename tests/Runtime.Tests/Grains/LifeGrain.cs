using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Mesh.Runtime.Tests.Grains;

/// <summary>Comes, ticks and goes; its key's part before the first '-' says how it behaves in OnActivateAsync.</summary>
public interface ILife : IGrainWithStringKey
{
    /// <summary>Which activation in a row answers.</summary>
    Task<int> Number();

    Task Leave();

    Task StayFor(TimeSpan time);

    Task Hold();

    Task StartTimer(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, string behaviour);

    Task StopTimer();

    Task ChangeTimer(TimeSpan due, TimeSpan period);

    [AlwaysInterleave]
    Task<int> Ticks();
}

public class LifeGrain : Grain, ILife
{
    private IGrainTimer? _timer;
    private int _ticks;
    private int _number;

    private Trail Trail => Trail.Of(this.GetPrimaryKeyString());

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (Trail.Key.StartsWith("What_always_interleaves", StringComparison.Ordinal))
        {
            await Trail.Of($"{Trail.Key}-activation").Gate;
        }

        Trail.Add("activated");
        _number = Trail.Events.Count(e => e == "activated");
        if (Trail.Key.StartsWith("An_activation_that_fails", StringComparison.Ordinal) && _number == 1)
        {
            throw new InvalidOperationException("not yet");
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Trail.Add($"deactivating: {reason.ReasonCode}");
        if (Trail.Key.StartsWith("Calls_that_come_while", StringComparison.Ordinal))
        {
            await Trail.Gate;
        }
    }

    public Task<int> Number() => Task.FromResult(_number);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task StayFor(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }

    public async Task Hold()
    {
        Trail.Add("held");
        await Trail.Gate;
    }

    public Task StartTimer(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, string behaviour)
    {
        _timer = this.RegisterGrainTimer(
            token => Tick(behaviour, token), new GrainTimerCreationOptions(due, period) { Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task StopTimer()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task ChangeTimer(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public Task<int> Ticks() => Task.FromResult(_ticks);

    private async Task Tick(string behaviour, CancellationToken cancellationToken)
    {
        _ticks++;
        Trail.Add($"tick {_ticks}");
        switch (behaviour)
        {
            case "fail":
                throw new InvalidOperationException("a bad tick");
            case "wait":
                await Trail.Gate;
                break;
            case "wait for the token":
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    Trail.Add("tick cancelled");
                }

                break;
            case "change":
                _timer!.Change(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7));
                break;
        }

        Trail.Add($"tick {_ticks} ends");
    }
}
