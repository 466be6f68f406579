using System.Collections.Immutable;
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

    public static void OfConnections(KestrelServerLimits limits, SiloOptions options) =>
        limits.Http2.MaxStreamsPerConnection = options.MaxStreamsPerConnection;
}
