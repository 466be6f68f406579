using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>
/// One process's clock, with timers on the simulation's queue. It is right, but for what a fault makes of it; a frozen process's timers fire when it is thawed, all at once.
/// </summary>
public sealed class HostClock(Simulator simulator, Host host) : TimeProvider
{
    /// <summary>How far it is ahead of the true time.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => simulator.Now + Offset;

    public override long GetTimestamp() => simulator.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(host, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Host host, TimerCallback callback, object? state) : ITimer
    {
        private long _set;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var set = ++_set;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                host.After(dueTime, () => Fire(set, period));
            }

            return true;
        }

        public void Dispose() => _set++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(long set, TimeSpan period)
        {
            if (set != _set)
            {
                return;
            }

            if (period > TimeSpan.Zero)
            {
                host.After(period, () => Fire(set, period));
            }

            callback(state);
        }
    }
}
