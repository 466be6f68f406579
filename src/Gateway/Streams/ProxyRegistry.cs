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
    private readonly ConcurrentDictionary<AdsConnection, bool> _connections = new();
    private ImmutableArray<Action<ProxyEvent>> _subscribers = [];
    private readonly StreamPlaces _places = new("ADS", "streams", options.MaxStreams, options.MaxStreamsPerClient);

    public int Count => _connections.Count;

    public IReadOnlyList<ProxyView> List() => View(_connections.Keys);

    public IReadOnlyList<ProxyView> Find(string node) => View(_connections.Keys.Where(connection => connection.Node?.Id == node));

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
        if (_connections.TryRemove(connection, out _))
        {
            Tell(ProxyEventKind.Disconnected, connection, why);
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

    public void Rejected(AdsConnection connection, AdsReceipt receipt) =>
        Tell(ProxyEventKind.Rejected, connection, $"{receipt.Type!.Value.ShortName()} {receipt.Version}: {receipt.Error}");

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
        return [.. connections.Select(connection => View(connection, reporting.GetValueOrDefault(connection.Node?.Id ?? ""))).OrderBy(view => view.Node, StringComparer.Ordinal).ThenBy(view => view.Address, StringComparer.Ordinal)];
    }

    private static ProxyView View(AdsConnection connection, Reporter? reporter)
    {
        var node = connection.Node;
        var locality = node?.Locality;
        var kind = ClientKinds.Of(node);
        return new ProxyView(
            node?.Id ?? "",
            node?.Cluster ?? "",
            $"{node?.UserAgentName} {node?.UserAgentVersion}".Trim(),
            new LocalityView(locality?.Region ?? "", locality?.Zone ?? "", locality?.SubZone ?? ""),
            connection.Peer,
            connection.ConnectedAt,
            [.. connection.Types().Select(type => View(type.Status, type.AcceptedAt))])
        {
            Kind = kind.ToString(),
            Identity = connection.Identity,
            Weights = kind == ClientKind.ProxylessGrpc ? "Ignored" : "Followed",
            Reports = (reporter?.Detail ?? ReportDetail.None).ToString(),
            LastReportAt = reporter?.LastAt,
        };
    }

    private static ProxyTypeView View(AdsTypeStatus status, DateTimeOffset? acceptedAt) => new(
        status.Type.ShortName(),
        status.Wanted,
        status.Sent,
        status.Accepted,
        status.Error is not null ? "Rejected" : status.Pending ? "Pending" : "Synced",
        status.Error,
        acceptedAt);

    private sealed class Subscription(ProxyRegistry registry, Action<ProxyEvent> onEvent) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref registry._subscribers, static (all, one) => all.Remove(one), onEvent);
    }
}
