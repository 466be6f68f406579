using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Xds.Encoding;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Streams;

/// <summary>The AggregatedDiscoveryService: proxies ask here for listeners, routes, clusters and endpoints, and are told of changes.</summary>
internal sealed class AdsService(
    ResourceHub hub, ProxyRegistry registry, StreamOptions options, TimeProvider time, IHostApplicationLifetime lifetime) : EncodedDiscovery
{
    /// <inheritdoc/>
    public override async Task StreamAggregatedResources(
        IAsyncStreamReader<DiscoveryRequest> requestStream, IServerStreamWriter<EncodedResponse> responseStream, ServerCallContext context)
    {
        if (!registry.TryOpen())
        {
            throw Peers.Close(
                "streams", StatusCode.ResourceExhausted, $"This gateway serves {options.MaxStreams} streams, and all are taken; try another one, or later.");
        }

        var connection = new AdsConnection(hub, registry, options, time, Peers.Address(context.Peer));
        var why = "The client closed the stream.";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await connection.Run(requestStream, responseStream, ending.Token);
        }
        catch (RpcException refused)
        {
            why = refused.Status.Detail;
            throw;
        }
        catch (InvalidProtocolBufferException)
        {
            why = "It sent what is no DiscoveryRequest.";
            throw Peers.Unreadable("DiscoveryRequest");
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            why = "The client went away.";
        }
        catch (Exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            why = "The gateway is stopping.";
            throw new RpcException(new Status(StatusCode.Unavailable, why));
        }
        finally
        {
            registry.Close(connection, why);
        }
    }
}
