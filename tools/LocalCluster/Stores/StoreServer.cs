using System.Diagnostics;
using Mesh.Local.Processes;

namespace Mesh.Local.Stores;

/// <summary>
/// A store for trials: a server of the distribution's package, in a folder of its own, on a port of its own, which it keeps when it is killed and
/// started again. Only this machine reaches it, and only with the password in that folder.
/// </summary>
public abstract class StoreServer(string name) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private Child? _process;

    /// <summary>What people call it.</summary>
    public string Name { get; } = name;

    /// <summary>Where it listens.</summary>
    public int Port { get; } = Machine.FreePort();

    /// <summary>How silos reach it.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>Whether its process is there; it may not answer yet.</summary>
    public bool Running => _process is { Running: true };

    public int? Pid => _process is { Running: true } process ? process.Id : null;

    /// <summary>Starts it, with what it knew before, and waits until it answers.</summary>
    /// <exception cref="LocalClusterException">It did not.</exception>
    public async Task Start(CancellationToken cancel)
    {
        if (Running)
        {
            return;
        }

        await Prepare(cancel);
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_process is not null)
            {
                await _process.DisposeAsync();
            }

            _process = Launch();
            while (_process.Running && Stopwatch.GetElapsedTime(start) < StartLimit)
            {
                if (await Answers(cancel))
                {
                    return;
                }

                await Task.Delay(30, cancel);
            }

            // What a killed server's helpers still hold is let go within a second; another try then succeeds.
            if (_process.Running || Stopwatch.GetElapsedTime(start) > StartLimit / 4)
            {
                throw new LocalClusterException(_process.Complaint("does not answer"));
            }

            await Task.Delay(200, cancel);
        }
    }

    /// <summary>kill -9.</summary>
    public void Kill() => _process?.KillHard();

    /// <summary>Freezes or thaws it, or whatever the signal does.</summary>
    public void Send(Signal signal) => _process?.Send(signal);

    /// <summary>Stops it in order.</summary>
    public async Task Stop()
    {
        if (_process is { Running: true } process)
        {
            process.Send(Signal.Continue);
            await process.Stop(StopSignal, TimeSpan.FromSeconds(15));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Signal StopSignal { get; }

    protected abstract Task Prepare(CancellationToken cancel);

    protected abstract Child Launch();

    protected abstract Task<bool> Answers(CancellationToken cancel);

    /// <summary>The password of a folder; made when there is none. Whoever may read the folder has it.</summary>
    private protected static string PasswordIn(string folder)
    {
        var file = Path.Combine(folder, "password");
        if (!File.Exists(file))
        {
            using (new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
            }

            File.WriteAllText(file, Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)));
        }

        return File.ReadAllText(file).Trim();
    }
}
