using Mesh.Xds;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Streams;

/// <summary>
/// One stream's responses that wait for their answers: since when, and what change each carries. A response for which there is no room takes the place of the
/// oldest, of which nobody will ever know. For one caller at a time; an answer costs a comparison and allocates nothing.
/// </summary>
internal sealed class Unanswered(int capacity, TimeProvider time)
{
    /// <summary>Who owes an answer for longer is not waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Queue<Entry>?[] _byType = new Queue<Entry>?[ResourceTypes.InOrder.Count];

    /// <summary>A response is handed to the writer.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="nonce">Its nonce.</param>
    /// <param name="change">The change that it carries; null when it carries none.</param>
    public void Sent(ResourceType type, long nonce, ChangeDelivery? change)
    {
        var waiting = _byType[(int)type] ??= new();
        if (waiting.Count == capacity)
        {
            waiting.Dequeue();
        }

        waiting.Enqueue(new Entry(nonce, time.GetTimestamp(), change));
    }

    /// <summary>The client answered a response, and with it all that were sent before it. A nonce that does not wait changes nothing.</summary>
    public void Answered(ResourceType type, long nonce)
    {
        if (_byType[(int)type] is not { } waiting || !Waits(waiting, nonce))
        {
            return;
        }

        Entry entry;
        do
        {
            entry = waiting.Dequeue();
            entry.Change?.Answered(time);
        }
        while (entry.Nonce != nonce);
    }

    /// <summary>The stream has ended: nothing will be answered any more.</summary>
    public void End()
    {
        foreach (var waiting in _byType)
        {
            while (waiting?.TryDequeue(out var entry) == true)
            {
                entry.Change?.Answered(time);
            }
        }
    }

    /// <summary>The timestamp of the oldest response that waits; null when none does.</summary>
    public long? Since(ResourceType type) => _byType[(int)type] is { Count: > 0 } waiting ? waiting.Peek().At : null;

    /// <summary>Whether the client has owed an answer for so long that changes are not to wait for it: one that never answers would hide how the others do.</summary>
    public bool IsSilent(ResourceType type) => Since(type) is { } since && time.GetElapsedTime(since) > Patience;

    private static bool Waits(Queue<Entry> waiting, long nonce)
    {
        foreach (var entry in waiting)
        {
            if (entry.Nonce == nonce)
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Entry(long Nonce, long At, ChangeDelivery? Change);
}
