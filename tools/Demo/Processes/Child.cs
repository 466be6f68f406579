using System.Diagnostics;
using System.Globalization;

namespace Mesh.Demo.Processes;

/// <summary>A process of the demo, its log, and its end.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Queue<string> _tail = new();
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

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

    public bool Running => !_ended && !_process.HasExited;

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

    public static Child Start(string program, string logFile, string label, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(logFile),
        };
        var process = new Process { StartInfo = start };
        var child = new Child(process, logFile, label);
        process.Start();
        child.Id = process.Id;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The port that a backend says it listens on.</summary>
    public async Task<int> ListeningPort(CancellationToken cancel)
    {
        try
        {
            var line = await _firstLine.Task.WaitAsync(TimeSpan.FromSeconds(20), cancel);
            return int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is TimeoutException or FormatException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new DemoException(Complaint("did not start"));
        }
    }

    /// <summary>kill -9: no goodbye, no flush.</summary>
    public void KillHard()
    {
        _ended = true;
        _process.Kill();
        _process.WaitForExit(Patience);
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
        try
        {
            if (!_process.HasExited)
            {
                // Nothing here needs a graceful end, and a quick one is what someone who pressed Ctrl-C wants.
                _process.Kill(entireProcessTree: true);
                using var limit = new CancellationTokenSource(Patience);
                await _process.WaitForExitAsync(limit.Token);
            }
        }
        catch (Exception gone) when (gone is InvalidOperationException or OperationCanceledException)
        {
        }

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
            if (_tail.Count == 8)
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
