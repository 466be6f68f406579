using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Streams;

/// <summary>The AggregatedDiscoveryService: proxies ask here for listeners, routes, clusters and endpoints, and are told of changes.</summary>
internal sealed class AdsService(
    ResourceHub hub, ProxyRegistry registry, FirstPushes firstPushes, Convergence convergence, StreamOptions options, TimeProvider time, IHostApplicationLifetime lifetime)
    : EncodedDiscovery
{
    /// <inheritdoc/>
    public override Task StreamAggregatedResources(
        IAsyncStreamReader<StateOfTheWorldRequest> requestStream, IServerStreamWriter<EncodedResponse> responseStream, ServerCallContext context) =>
        Serve(AdsVariant.StateOfTheWorld, requestStream, static (stream, request) => stream.Receive(request), responseStream, context);

    /// <inheritdoc/>
    public override Task DeltaAggregatedResources(
        IAsyncStreamReader<DeltaRequest> requestStream, IServerStreamWriter<EncodedResponse> responseStream, ServerCallContext context) =>
        Serve(AdsVariant.Delta, requestStream, static (stream, request) => stream.Receive(request), responseStream, context);

    private async Task Serve<T>(
        AdsVariant variant,
        IAsyncStreamReader<T> requestStream,
        Func<AdsStream, T, AdsReceipt> receive,
        IServerStreamWriter<EncodedResponse> responseStream,
        ServerCallContext context)
    {
        var caller = Caller.Of(context);
        registry.Open(caller);
        var connection = new AdsConnection(variant, hub, registry, firstPushes, convergence, options, time, caller);
        var why = "The client closed the stream.";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await connection.Run(requestStream, receive, responseStream, ending.Token);
        }
        catch (RpcException tooLong) when (Peers.IsTooLong(tooLong))
        {
            why = "It sent a message beyond the limit.";
            throw Peers.TooLong(options);
        }
        catch (RpcException refused)
        {
            why = refused.Status.Detail;
            throw;
        }
        catch (InvalidProtocolBufferException)
        {
            var message = variant == AdsVariant.Delta ? nameof(DeltaDiscoveryRequest) : nameof(DiscoveryRequest);
            why = $"It sent what is no {message}.";
            throw Peers.Unreadable(message);
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
