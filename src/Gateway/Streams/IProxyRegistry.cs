using Mesh.Api;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Streams;

/// <summary>The proxies that are connected to this gateway over ADS, and what each has accepted.</summary>
public interface IProxyRegistry
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>All of them as they stand now, by node id, the oldest stream first. A node that is connected twice is listed twice.</summary>
    IReadOnlyList<ProxyView> List();

    /// <summary>The streams of one node; empty when it is not connected here.</summary>
    IReadOnlyList<ProxyView> Find(string node);

    /// <summary>What each stream of one node was sent, the oldest stream first; empty when it is not connected here.</summary>
    IReadOnlyList<ProxyStream> Sent(string node);

    /// <summary>The clients that refuse something now, by node id and in no order. Costs nothing for those that do not.</summary>
    IReadOnlyList<(string Node, Refusals Refusals)> Refused();

    /// <summary>
    /// Calls back for each proxy that comes, goes or rejects something, from now on. The callback runs on the stream's own loop: it must be
    /// quick and must not block or throw.
    /// </summary>
    IDisposable Subscribe(Action<ProxyEvent> onEvent);
}

/// <summary>What one stream was sent.</summary>
/// <param name="Number">Tells it from all others of this process.</param>
/// <param name="Address">Where it comes from.</param>
/// <param name="Resources">What it was sent and wants still.</param>
public sealed record ProxyStream(long Number, string Address, IReadOnlyList<SentResource> Resources);

/// <summary>What happened to a proxy.</summary>
public enum ProxyEventKind
{
    /// <summary>It opened a stream and said who it is.</summary>
    Connected,

    /// <summary>Its stream ended.</summary>
    Disconnected,

    /// <summary>It rejected a response; it goes on with what it had.</summary>
    Rejected,
}

/// <summary>Something that happened to a proxy.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">When.</param>
/// <param name="Node">The proxy's node id; empty when it gave none.</param>
/// <param name="Detail">For people: its address, why its stream ended, or what it rejected and why.</param>
public sealed record ProxyEvent(ProxyEventKind Kind, DateTimeOffset At, string Node, string Detail);
