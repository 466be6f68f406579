namespace Mesh.Gateway.Streams;

/// <summary>
/// Paces a storm of connects. When a control plane returns, all of its clients come within a moment, and the first response of each type may be megabytes:
/// so only some of these are on their way at a time, and the others wait in the order in which they came. Changes never wait here, so clients that are in sync go
/// on being told at once.
/// <para>
/// A place is lent for a short time, however long the client takes to read: clients that do not read would otherwise keep the others out until they are closed.
/// Rejected: a rate of connects a second (nobody knows the right one, and a client that is refused comes back later than it would have had to wait).
/// </para>
/// </summary>
internal sealed class FirstPushes(StreamOptions options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(options.ConcurrentFirstPushes);

    /// <summary>Takes a place if one is free.</summary>
    public bool TryEnter() => _places.Wait(0, CancellationToken.None);

    /// <summary>Waits for a place.</summary>
    public async Task Enter(CancellationToken cancellationToken)
    {
        StreamMetrics.FirstPushWaits();
        try
        {
            await _places.WaitAsync(cancellationToken);
        }
        finally
        {
            StreamMetrics.FirstPushGoesOn();
        }
    }

    /// <summary>Gives the place back when the response has been taken, or after the time for which it was lent.</summary>
    public async Task Leave(Task writing)
    {
        if (!writing.IsCompleted)
        {
            await writing.WaitAsync(options.FirstPushTime, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _places.Release();
    }

    public void Dispose() => _places.Dispose();
}
