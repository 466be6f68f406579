using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Mesh.Gateway.Drain;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Streams;

/// <summary>The AggregatedDiscoveryService: proxies ask here for listeners, routes, clusters and endpoints, and are told of changes.</summary>
internal sealed class AdsService(
    ResourceHub hub, ProxyRegistry registry, FirstPushes firstPushes, Convergence convergence, StreamOptions options, TimeProvider time, DrainGate gate)
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
        var message = variant == AdsVariant.Delta ? nameof(DeltaDiscoveryRequest) : nameof(DiscoveryRequest);
        await StreamCall.Serve(
            context,
            StreamKind.Ads,
            gate,
            options,
            message,
            (seat, ending) => connection.Run(requestStream, receive, responseStream, seat.Leaving, ending),
            why => registry.Close(connection, why));
    }
}
