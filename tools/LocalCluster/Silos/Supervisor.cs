using System.Diagnostics;

namespace Mesh.Local.Silos;

/// <summary>Where a supervised silo stands.</summary>
public enum SiloState
{
    Stopped,
    Starting,
    Ready,

    /// <summary>It runs, was ready, and is not now: frozen, cut off, draining, or without its stores.</summary>
    NotReady,

    /// <summary>It ended, and is started again after a pause.</summary>
    Waiting,
}

/// <summary>Starts a silo again when it ends, as systemd would: after a pause that grows from 100 ms to 5 s while it keeps ending at once.</summary>
public sealed class Supervisor(SiloProcess silo) : IAsyncDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private Task _watch = Task.CompletedTask;
    private bool _disposed;

    public SiloProcess Silo => silo;

    public SiloState State { get; private set; } = SiloState.Stopped;

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>When its process was started; how long it is up.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>False: it stays away when it ends, until it is started by hand.</summary>
    public bool Restarting { get; set; } = true;

    public void Start()
    {
        if (_watch.IsCompleted)
        {
            _watch = Watch();
        }
    }

    /// <summary>Lets it drain and end, and does not start it again.</summary>
    public async Task Stop(TimeSpan limit)
    {
        await _stop.CancelAsync();
        silo.Thaw();
        await silo.Terminate(limit);
        await _watch;
        State = SiloState.Stopped;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();
        await _watch;
        await silo.DisposeAsync();
        _stop.Dispose();
    }

    private async Task Watch()
    {
        var pause = First;
        try
        {
            while (true)
            {
                if (Restarting)
                {
                    silo.Start();
                }

                var started = Stopwatch.GetTimestamp();
                (State, Since) = (silo.Running ? SiloState.Starting : SiloState.Stopped, DateTimeOffset.Now);
                while (silo.Running || !Restarting)
                {
                    State = (silo.Running, await silo.IsReady(_stop.Token), State) switch
                    {
                        (false, _, _) => SiloState.Stopped,
                        (true, true, _) => SiloState.Ready,
                        (true, false, SiloState.Starting or SiloState.Stopped) => SiloState.Starting,
                        _ => SiloState.NotReady,
                    };
                    await Task.Delay(State == SiloState.Starting ? 50 : 200, _stop.Token);
                }

                State = SiloState.Waiting;
                pause = Stopwatch.GetElapsedTime(started) > Settled ? First : pause;
                await Task.Delay(pause, _stop.Token);
                pause = pause * 2 > Longest ? Longest : pause * 2;
                Restarts++;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
