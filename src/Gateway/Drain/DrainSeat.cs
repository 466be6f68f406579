using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Drain;

/// <summary>What a long-lived stream holds while it is served, and where it hears that it has to leave.</summary>
public sealed class DrainSeat : IDisposable
{
    private readonly DrainGate _gate;
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly IConnectionLifetimeNotificationFeature? _connection;

    internal DrainSeat(DrainGate gate, StreamKind kind, HttpContext http)
    {
        (_gate, Kind, Connection) = (gate, kind, http.Connection.Id);
        _connection = http.Features.Get<IConnectionLifetimeNotificationFeature>();
        // Asked now: a source that is disposed of gives no token any more.
        (Leaving, Gone) = (_leaving.Token, _gone.Token);
    }

    /// <summary>What is served.</summary>
    public StreamKind Kind { get; }

    /// <summary>Called off when the stream has to end in order: finish what is being written, then say why.</summary>
    public CancellationToken Leaving { get; }

    /// <summary>Called off when it has not ended in time: nothing more can be said to this client.</summary>
    public CancellationToken Gone { get; }

    /// <summary>Over which connection it comes. A client's streams leave together.</summary>
    internal string Connection { get; }

    internal bool Told { get; set; }

    /// <summary>The stream has ended.</summary>
    public void Dispose()
    {
        _gate.Leave(this);
        _leaving.Dispose();
        _gone.Dispose();
    }

    /// <summary>Tells the stream to leave. Its connection takes no further ones: HTTP/2 says GOAWAY.</summary>
    internal void Tell()
    {
        _connection?.RequestClose();
        Cancel(_leaving);
    }

    internal void Cut() => Cancel(_gone);

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            // Not here: what goes on because of it would hold up all the others.
            _ = source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has ended in this moment.
        }
    }
}

/// <summary>The kinds of long-lived streams.</summary>
public enum StreamKind
{
    /// <summary>Discovery.</summary>
    Ads,

    /// <summary>Reports.</summary>
    Lrs,

    /// <summary>A watch of the registry.</summary>
    Watch,

    /// <summary>A reader of events over REST.</summary>
    Events,
}
