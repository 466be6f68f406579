namespace Mesh.Proxy.Gateways;

/// <summary>
/// Where this proxy is served. Discovery, which finds a gateway that answers, takes the seat; reports follow it, so that both are at the same one.
/// </summary>
public sealed class GatewaySeat : IDisposable
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<Sitting> _taken = New();
    private Sitting? _now;

    /// <summary>The gateway's name; null while there is none.</summary>
    public string? Gateway => Volatile.Read(ref _now)?.Connection.Gateway.Name;

    /// <summary>How many times another gateway was taken than the one before.</summary>
    public long Moves { get; private set; }

    private string? Last { get; set; }

    /// <summary>A gateway has answered.</summary>
    public void Take(GatewayConnection connection)
    {
        lock (_lock)
        {
            Moves += Last is { } last && last != connection.Gateway.Name ? 1 : 0;
            Last = connection.Gateway.Name;
            _now = new Sitting(connection);
            _taken.TrySetResult(_now);
        }
    }

    /// <summary>It no longer does, or we go elsewhere.</summary>
    public void Leave()
    {
        Sitting? left;
        lock (_lock)
        {
            (left, _now) = (_now, null);
            _taken = left is null ? _taken : New();
        }

        _ = left?.Leave();
    }

    /// <inheritdoc/>
    public void Dispose() => Leave();

    /// <summary>Waits for a gateway that answers.</summary>
    public Task<Sitting> Taken(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _taken.Task.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource<Sitting> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The time at one gateway.</summary>
public sealed class Sitting : IDisposable
{
    private readonly CancellationTokenSource _left = new();

    internal Sitting(GatewayConnection connection) => (Connection, Left) = (connection, _left.Token);

    /// <summary>The way to it.</summary>
    public GatewayConnection Connection { get; }

    /// <summary>Called off when it is over.</summary>
    public CancellationToken Left { get; }

    /// <inheritdoc/>
    public void Dispose() => _left.Dispose();

    /// <summary>It is over. Reports must not hold up the move, so they hear of it on the pool.</summary>
    internal async Task Leave()
    {
        await _left.CancelAsync();
        Dispose();
    }
}
