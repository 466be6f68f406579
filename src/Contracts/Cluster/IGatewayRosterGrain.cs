using System.Collections.Immutable;
using Orleans;

namespace Mesh.Contracts;

/// <summary>
/// Which gateways there are; its key is 0. Each tells of itself every few seconds, whether it is a silo or a client of the silos, and who has not been heard of for
/// <see cref="MeshLimits.GatewayForgotten"/> is dropped. Nothing of it is on disk: when its silo dies, the next announcements fill it again.
/// </summary>
/// <remarks>
/// Rejected: to find gateways by the silos. A gateway apart is no silo, and Orleans tells of its clients nothing that an operator could use. And a row for each in a store:
/// who is there now is known by who speaks now.
/// </remarks>
[Alias("mesh.IGatewayRosterGrain")]
public interface IGatewayRosterGrain : IGrainWithIntegerKey
{
    /// <summary>A gateway tells of itself, and hears of all.</summary>
    [Alias("Announce")]
    Task<ImmutableArray<GatewayHeard>> Announce(GatewayView gateway);

    /// <summary>A gateway stops.</summary>
    [Alias("Leave")]
    Task Leave(string id);

    /// <summary>All that were heard of lately.</summary>
    [Alias("List")]
    Task<ImmutableArray<GatewayHeard>> List();
}

/// <summary>What a gateway says of itself.</summary>
public sealed record GatewayView
{
    /// <summary>Another one after each start.</summary>
    public required string Id { get; init; }

    /// <summary>As its operator named its process.</summary>
    public required string Name { get; init; }

    /// <summary>The silo that it is in; null when it is a client of the silos.</summary>
    public string? Silo { get; init; }

    /// <summary>Where its REST listens, as host:port.</summary>
    public required string Rest { get; init; }

    /// <summary>Where its gRPC listens, as host:port.</summary>
    public required string Grpc { get; init; }

    /// <summary>Of the program.</summary>
    public required string Version { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Whether it is ready.</summary>
    public required bool Ready { get; init; }

    /// <summary>Why it is not; empty when it is.</summary>
    public ImmutableArray<string> Complaints { get; init; } = [];

    /// <summary>Services that it knows.</summary>
    public required int Services { get; init; }

    /// <summary>ADS streams that are open.</summary>
    public required int AdsStreams { get; init; }

    /// <summary>LRS streams that are open.</summary>
    public required int LrsStreams { get; init; }

    /// <summary>How its process finds its stores.</summary>
    public ImmutableArray<StoreReport> Stores { get; init; } = [];
}

/// <summary>A gateway, and when it was heard of.</summary>
/// <param name="Gateway">What it said of itself.</param>
/// <param name="Ago">How long ago it said so.</param>
public sealed record GatewayHeard(GatewayView Gateway, TimeSpan Ago);
