using System.Collections.Immutable;
using Mesh.Gateway.Drain;
using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mesh.Silo;

/// <summary>Puts the limits that were asked for where they are kept.</summary>
internal static class Limits
{
    public static StreamOptions OfStreams(SiloOptions options) => new()
    {
        Ads = new AdsLimits
        {
            ResourcesPerStream = options.MaxResourcesPerStream,
            ResourceTtl = options.EndpointsTtl is { } ttl
                ? ImmutableDictionary.CreateRange([KeyValuePair.Create(ResourceType.Endpoints, ttl)])
                : ImmutableDictionary<ResourceType, TimeSpan>.Empty,
        },
        MaxStreams = options.MaxStreams,
        MaxReportStreams = options.MaxStreams,
        MaxStreamsPerClient = options.MaxStreamsPerClient,
        MaxMessageBytes = options.MaxMessageSize,
    };

    public static DrainOptions OfDrain(SiloOptions options) => new()
    {
        Announce = options.DrainAnnounce ?? GrainRuntime.DrainAnnounce,
        Time = options.DrainTime ?? GrainRuntime.DrainTime,
    };

    /// <summary>How long everything may take from the signal to the exit: the drain, the requests under way, and the grains' own leaving.</summary>
    public static TimeSpan OfShutdown(SiloOptions options)
    {
        var drain = OfDrain(options);
        // As many streams as there may be, when all of them are there.
        var waves = 2.0 * options.MaxStreams / drain.MostPerWave * drain.Wave;
        return drain.Announce + (waves > drain.Time && drain.Time > TimeSpan.Zero ? waves : drain.Time) + TimeSpan.FromSeconds(30);
    }

    /// <summary>Kestrel's own: who reads a response slower than this for longer than five seconds is cut off.</summary>
    public static MinDataRate OfRest { get; } = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    public static void OfConnections(KestrelServerLimits limits, SiloOptions options)
    {
        limits.Http2.MaxStreamsPerConnection = options.MaxStreamsPerConnection;
        // Of HTTP/2 it is a limit of the connection, which would take the streams that are read along with the one that is not, before the stream's own limit
        // has closed that one, said why and counted it. So it comes later, for connections that even then nothing can be sent on. REST sets its own.
        limits.MinResponseDataRate = new MinDataRate(OfRest.BytesPerSecond, OfStreams(options).WriteTimeout + TimeSpan.FromSeconds(10));
    }
}
