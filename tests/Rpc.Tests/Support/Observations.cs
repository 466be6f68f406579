using System.Collections.Concurrent;

namespace Mesh.Rpc.Tests.Support;

/// <summary>What services saw, for tests to wait on; one per server.</summary>
public sealed class Observations
{
    private int written;

    public ConcurrentBag<CallFacts> Contexts { get; } = [];

    public TaskCompletionSource Hanging { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The number of messages of the last download whose write has completed.</summary>
    public int LastWritten => Volatile.Read(ref written);

    public void Written(int count) => Volatile.Write(ref written, count);
}

public sealed record CallFacts(string Method, string Host, string Peer, DateTime Deadline);
