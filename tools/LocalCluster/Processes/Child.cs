using System.Diagnostics;
using System.Globalization;

namespace Mesh.Local.Processes;

/// <summary>A process of ours, its log, and its end.</summary>
public sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Queue<string> _tail = new();
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;
    private bool _disposed;
    private int? _exitCode;

    private Child(Process process, string logFile, string label)
    {
        (_process, Label) = (process, label);
        _log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.Exited += (_, _) => _firstLine.TrySetCanceled();
        process.EnableRaisingEvents = true;
    }

    public string Label { get; }

    public int Id { get; private set; }

    public bool Running => !_ended && !_disposed && !_process.HasExited;

    /// <summary>How it ended; null while it runs. 137 is SIGKILL, 143 SIGTERM without an answer to it.</summary>
    public int? ExitCode => _exitCode ??= !_disposed && _process.HasExited ? _process.ExitCode : null;

    /// <summary>Resident memory in bytes; 0 when it is gone.</summary>
    public long ResidentBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                return Running ? _process.WorkingSet64 : 0;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    public static Child Start(string program, string logFile, string label, params string[] args) => Start(program, logFile, label, Launch.Default, args);

    /// <summary>Starts a program. What it says goes to the end of the file.</summary>
    /// <exception cref="LocalClusterException">It could not be started.</exception>
    public static Child Start(string program, string logFile, string label, Launch launch, IReadOnlyList<string> args)
    {
        var (first, rest) = launch.Wrap(program, args);
        var start = new ProcessStartInfo(first, rest)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(logFile),
        };
        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        var child = new Child(process, logFile, label);
        Launcher.Start(process);
        child.Id = process.Id;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The port that a backend says it listens on.</summary>
    /// <exception cref="LocalClusterException">It ended, or said nothing of the kind.</exception>
    public async Task<int> ListeningPort(CancellationToken cancel)
    {
        try
        {
            var line = await _firstLine.Task.WaitAsync(TimeSpan.FromSeconds(20), cancel);
            return int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is TimeoutException or FormatException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new LocalClusterException(Complaint("did not start"));
        }
    }

    public void Send(Signal signal)
    {
        if (Running)
        {
            Signals.Send(Id, signal);
        }
    }

    /// <summary>kill -9: no goodbye, no flush.</summary>
    public void KillHard()
    {
        _ended = true;
        _process.Kill();
        _process.WaitForExit(Patience);
    }

    /// <summary>Waits until it has ended, however it does.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> Ended(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        return _process.ExitCode;
    }

    /// <summary>Asks it to end, waits, and kills it when the limit has passed.</summary>
    /// <returns>Its exit code; 137 when it had to be killed.</returns>
    public async Task<int> Stop(Signal signal, TimeSpan limit)
    {
        Send(signal);
        try
        {
            using var enough = new CancellationTokenSource(limit);
            return await Ended(enough.Token);
        }
        catch (OperationCanceledException)
        {
            KillHard();
            return 137;
        }
    }

    /// <summary>Says what happened, with the end of the log.</summary>
    public string Complaint(string what)
    {
        lock (_tail)
        {
            return $"{Label} {what}.{string.Concat(_tail.Select(line => $"\n  {line}"))}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        try
        {
            if (!_process.HasExited)
            {
                // Who needs a graceful end was asked for it before; a quick one is what someone who pressed Ctrl-C wants.
                _process.Kill(entireProcessTree: true);
                using var limit = new CancellationTokenSource(Patience);
                await _process.WaitForExitAsync(limit.Token);
            }
        }
        catch (Exception gone) when (gone is InvalidOperationException or OperationCanceledException)
        {
        }

        _ = ExitCode;
        _disposed = true;
        _process.Dispose();
        lock (_tail)
        {
            _log.Dispose();
        }
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            return;
        }

        _firstLine.TrySetResult(line);
        lock (_tail)
        {
            if (_tail.Count == 12)
            {
                _tail.Dequeue();
            }

            _tail.Enqueue(line);
            if (_log.BaseStream is not null)
            {
                _log.WriteLine(line);
            }
        }
    }
}
