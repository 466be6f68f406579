using Mesh.Xds;

namespace Mesh.Gateway.Streams;

/// <summary>
/// One stream's responses that wait for their answers: since when, and what change each carries. A response for which there is no room takes the place of the
/// oldest, which is answered as far as anybody can tell. For one caller at a time; an answer costs a comparison and allocates nothing.
/// </summary>
internal sealed class Unanswered(int capacity)
{
    private readonly Queue<Entry>?[] _byType = new Queue<Entry>?[ResourceTypes.InOrder.Count];

    /// <summary>A response is handed to the writer.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="nonce">Its nonce.</param>
    /// <param name="at">The clock's timestamp.</param>
    public void Sent(ResourceType type, long nonce, long at)
    {
        var waiting = _byType[(int)type] ??= new();
        if (waiting.Count == capacity)
        {
            waiting.Dequeue();
        }

        waiting.Enqueue(new Entry(nonce, at));
    }

    /// <summary>The client answered a response, and with it all that were sent before it. A nonce that does not wait changes nothing.</summary>
    public void Answered(ResourceType type, long nonce)
    {
        if (_byType[(int)type] is not { } waiting || !Waits(waiting, nonce))
        {
            return;
        }

        while (waiting.Dequeue().Nonce != nonce)
        {
        }
    }

    /// <summary>The timestamp of the oldest response that waits; null when none does.</summary>
    public long? Since(ResourceType type) => _byType[(int)type] is { Count: > 0 } waiting ? waiting.Peek().At : null;

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

    private readonly record struct Entry(long Nonce, long At);
}
