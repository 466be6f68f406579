using System.Collections.Concurrent;
using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Streams;

/// <summary>The streams that are open now. Views are made when somebody asks, from what each stream's own account says.</summary>
internal sealed class ProxyRegistry(StreamOptions options, Reporters reporters, TimeProvider time) : IProxyRegistry
{
    // Resources that an event names; a client that refuses a thousand at once says one thing of all of them.
    private const int NamedInEvent = 3;

    private readonly ConcurrentDictionary<AdsConnection, bool> _connections = new();
    private readonly ConcurrentDictionary<AdsConnection, bool> _refusing = new();
    private ImmutableArray<Action<ProxyEvent>> _subscribers = [];
    private readonly StreamPlaces _places = new("ADS", "streams", options.MaxStreams, options.MaxStreamsPerClient);

    public int Count => _connections.Count;

    public IReadOnlyList<ProxyView> List() => View(_connections.Keys);

    public IReadOnlyList<ProxyView> Find(string node) => View(_connections.Keys.Where(connection => connection.Node?.Id == node));

    public IReadOnlyList<ProxyStream> Sent(string node) =>
    [
        .. _connections.Keys.Where(connection => connection.Node?.Id == node)
            .Select(static connection => new ProxyStream(connection.Number, connection.Peer, connection.Sent()))
            .OrderBy(static stream => stream.Number),
    ];

    public IReadOnlyList<(string Node, Refusals Refusals)> Refused() =>
        [.. _refusing.Keys.Select(static connection => (connection.Node?.Id ?? "", connection.Refused))];

    public IDisposable Subscribe(Action<ProxyEvent> onEvent)
    {
        ImmutableInterlocked.Update(ref _subscribers, static (all, one) => all.Add(one), onEvent);
        return new Subscription(this, onEvent);
    }

    /// <summary>Takes one of the places for streams.</summary>
    /// <exception cref="Grpc.Core.RpcException">There is none in all, or for this client.</exception>
    public void Open(Caller caller)
    {
        _places.Take(caller);
        StreamMetrics.Opened();
    }

    /// <summary>Gives the place back.</summary>
    public void Close(AdsConnection connection, string why)
    {
        _places.Leave(connection.Caller);
        StreamMetrics.Ended();
        Refuses(connection, connection.Refused, Refusals.None);
        if (_connections.TryRemove(connection, out _))
        {
            Tell(ProxyEventKind.Disconnected, connection, why);
        }
    }

    /// <summary>Has a part of the streams repeat what their clients hold.</summary>
    /// <param name="part">Which; less than <paramref name="parts"/>.</param>
    /// <param name="parts">How many parts all streams are divided into.</param>
    public void Beat(int part, int parts)
    {
        foreach (var (connection, _) in _connections)
        {
            if (connection.Number % parts == part)
            {
                connection.Beat();
            }
        }
    }

    /// <summary>The client has said something, the first time also who it is.</summary>
    public void Heard(AdsConnection connection)
    {
        if (_connections.TryAdd(connection, true))
        {
            StreamMetrics.NotUnderstood(connection.Client);
            Tell(ProxyEventKind.Connected, connection, string.Join(' ', connection.Client.NotUnderstood.Prepend($"from {connection.Peer}")));
        }
    }

    public void Rejected(AdsConnection connection, AdsReceipt receipt)
    {
        // A refusal that may have several reasons names none; what is found out of it later is told then.
        var names = string.Join(", ", receipt.Refused.Take(NamedInEvent).Select(static refused => refused.Name));
        var others = receipt.Refused.Count > NamedInEvent ? $" and {receipt.Refused.Count - NamedInEvent} more" : "";
        var what = names.Length > 0 ? $"{names}{others}, version {receipt.Version}" : receipt.Version;
        Tell(ProxyEventKind.Rejected, connection, $"{receipt.Type!.Value.ShortName()} {what}: {receipt.Error}");
    }

    /// <summary>What a client refuses has changed.</summary>
    public void Refuses(AdsConnection connection, Refusals before, Refusals now)
    {
        StreamMetrics.Refuses(before, now);
        if (now.Total > 0)
        {
            _refusing[connection] = true;
        }
        else
        {
            _refusing.TryRemove(connection, out _);
        }
    }

    private void Tell(ProxyEventKind kind, AdsConnection connection, string detail)
    {
        var happened = new ProxyEvent(kind, time.GetUtcNow(), connection.Node?.Id ?? "", detail);
        foreach (var subscriber in _subscribers)
        {
            subscriber(happened);
        }
    }

    private IReadOnlyList<ProxyView> View(IEnumerable<AdsConnection> connections)
    {
        var reporting = reporters.ByNode();
        return
        [
            .. connections.Select(connection => ProxyViews.Of(connection, reporting.GetValueOrDefault(connection.Node?.Id ?? "")))
                .OrderBy(static view => view.Node, StringComparer.Ordinal).ThenBy(static view => view.Stream),
        ];
    }

    private sealed class Subscription(ProxyRegistry registry, Action<ProxyEvent> onEvent) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref registry._subscribers, static (all, one) => all.Remove(one), onEvent);
    }
}
