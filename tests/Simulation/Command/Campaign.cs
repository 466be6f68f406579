using System.Diagnostics;
using System.Globalization;
using Mesh.Simulation.Runs;

namespace Mesh.Simulation.Command;

/// <summary>Many seeds, several at a time; which seeds there are does not depend on how many run at a time.</summary>
public sealed class Campaign(SimulateOptions options, ulong first)
{
    private readonly Lock _gate = new();
    private readonly List<StormResult> _broken = [];
    private readonly Stopwatch _watch = new();
    private readonly bool _line = !Console.IsErrorRedirected;
    private long _next;
    private TimeSpan _said;

    public SimulateOptions Options => options;

    public ulong First => first;

    /// <summary>All results together: sums of their figures.</summary>
    public StormResult Sum { get; private set; } = new() { Seed = 0, Virtual = TimeSpan.Zero };

    /// <summary>Seeds that ended.</summary>
    public int Done { get; private set; }

    /// <summary>Those that broke a rule, by seed.</summary>
    public IReadOnlyList<StormResult> Broken => [.. _broken.OrderBy(result => result.Seed)];

    public TimeSpan Took => _watch.Elapsed;

    /// <summary>Runs them all.</summary>
    /// <param name="echo">Where every event goes; null for nowhere.</param>
    /// <param name="progress">Where it says how far it is; null for nowhere.</param>
    public void Run(Action<string>? echo, TextWriter? progress)
    {
        _watch.Start();
        var threads = Enumerable.Range(0, echo is null ? options.Jobs : 1).Select(_ => new Thread(() => Work(echo, progress))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        _watch.Stop();
        if (progress is not null && _line && _said > TimeSpan.Zero)
        {
            progress.Write("\r\u001b[K");
        }
    }

    private void Work(Action<string>? echo, TextWriter? progress)
    {
        while (TakeSeed() is { } seed)
        {
            Note(Seeds.Run(options, seed, echo), progress);
        }
    }

    private ulong? TakeSeed()
    {
        lock (_gate)
        {
            var most = options.Seeds ?? (options.Hours is null ? 1 : long.MaxValue);
            var late = options.Hours is { } hours && _watch.Elapsed.TotalHours >= hours;
            var stops = _broken.Count > 0 && !options.KeepGoing;
            return late || stops || _next >= most ? null : first + (ulong)_next++;
        }
    }

    private void Note(StormResult result, TextWriter? progress)
    {
        lock (_gate)
        {
            Done++;
            Sum = Sum.Plus(result);
            if (result.Broken is not null)
            {
                _broken.Add(result);
            }

            if (progress is not null && _watch.Elapsed - _said > (_line ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(30)))
            {
                _said = _watch.Elapsed;
                var text = string.Create(
                    CultureInfo.InvariantCulture, $"{Done} seeds, {Sum.Virtual.TotalHours:0.0} virtual hours, {_broken.Count} broken, {_watch.Elapsed.TotalSeconds:0} s");
                progress.Write(_line ? $"\r{text}\u001b[K" : text + Environment.NewLine);
            }
        }
    }
}
