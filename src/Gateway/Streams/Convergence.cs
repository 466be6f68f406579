using System.Collections.Concurrent;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Streams;

/// <summary>
/// From a change to the last answer of those who were sent it. The changes themselves count who still owes an answer; here is only the list of those that are not
/// done, which is looked through once a second. A change is done when nobody has owed an answer for <see cref="Quiet"/>, since a stream that was busy may be sent it a
/// little later than the others. Rejected: to note for each change whom it concerns, which costs a set of streams for each, and a newer change takes
/// its place on half of them before they have seen it.
/// </summary>
internal sealed class Convergence : IDisposable
{
    /// <summary>Changes that are followed at once (overflow action: the change is not measured, and counted as <c>overflow</c>).</summary>
    public const int Most = 4_096;

    /// <summary>How long nobody may owe an answer before the last one counts as the last.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>How long answers are waited for (overflow action: the change is given up, and counted as <c>unanswered</c>).</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<ChangeDelivery> _open = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private int _count;

    public Convergence(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static state => ((Convergence)state!).Sweep(), this, Quiet, Quiet);
    }

    /// <summary>Changes that are followed now.</summary>
    public int Open => Volatile.Read(ref _count);

    /// <summary>A stream is about to be sent a change.</summary>
    public void Sent(ChangeDelivery change)
    {
        if (!change.Sent())
        {
            return;
        }

        if (Interlocked.Increment(ref _count) > Most)
        {
            Interlocked.Decrement(ref _count);
            StreamMetrics.NotMeasured("overflow");
            return;
        }

        _open.Enqueue(change);
    }

    /// <summary>Measures what is done, and gives up what takes too long.</summary>
    public void Sweep()
    {
        var now = _time.GetUtcNow();
        for (var left = _open.Count; left > 0 && _open.TryDequeue(out var change); left--)
        {
            if (change.SettledAt is { } settled && now - settled >= Quiet)
            {
                StreamMetrics.MeshConverged(settled - change.ChangedAt);
            }
            else if (now - change.ChangedAt >= Patience)
            {
                StreamMetrics.NotMeasured("unanswered");
            }
            else
            {
                _open.Enqueue(change);
                continue;
            }

            Interlocked.Decrement(ref _count);
        }
    }

    public void Dispose() => _timer.Dispose();
}
