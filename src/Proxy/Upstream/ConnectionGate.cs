namespace Mesh.Proxy.Upstream;

/// <summary>
/// Admits as many requests at once as there may be connections, lets a bounded number wait, and refuses the rest. A new gate takes the
/// place of an old one when the limits change; those inside the old one leave by it.
/// </summary>
public sealed class ConnectionGate(int connections, int waiting) : IDisposable
{
    private readonly SemaphoreSlim _places = new(connections, connections);
    private int _waiting;

    /// <summary>The limit it was made with.</summary>
    public int Connections { get; } = connections;

    /// <summary>How many may wait.</summary>
    public int MostWaiting { get; } = waiting;

    /// <summary>How many wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes a place, waiting for one if need be.</summary>
    /// <returns>False when too many wait already.</returns>
    /// <exception cref="OperationCanceledException">The wait was called off.</exception>
    public ValueTask<bool> Enter(CancellationToken cancellationToken) =>
        _places.Wait(0, CancellationToken.None) ? new(true) : EnterSlowly(cancellationToken);

    /// <summary>Gives the place back.</summary>
    public void Leave() => _places.Release();

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async ValueTask<bool> EnterSlowly(CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > MostWaiting)
            {
                return false;
            }

            await _places.WaitAsync(cancellationToken);
            return true;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
