using System.Buffers;
using Grpc.Core;
using Mesh.Xds.Ads;

namespace Mesh.Xds.Encoding;

/// <summary>
/// The AggregatedDiscoveryService with responses that are encoded already. It stands in for the generated base, whose responses would have to be objects that
/// are encoded again for each stream; on the wire there is no difference.
/// </summary>
[BindServiceMethod(typeof(EncodedDiscovery), nameof(BindService))]
public abstract class EncodedDiscovery
{
    private const string ServiceName = "envoy.service.discovery.v3.AggregatedDiscoveryService";

    private static readonly Marshaller<EncodedResponse> Responses = Marshallers.Create<EncodedResponse>(
        Write,
        _ => throw new NotSupportedException("A response that is encoded already is only sent, never read."));

    private static readonly Method<StateOfTheWorldRequest, EncodedResponse> Stream = new(
        MethodType.DuplexStreaming, ServiceName, nameof(StreamAggregatedResources), Requests(RequestReader.Read), Responses);

    private static readonly Method<DeltaRequest, EncodedResponse> Delta = new(
        MethodType.DuplexStreaming, ServiceName, nameof(DeltaAggregatedResources), Requests(RequestReader.ReadDelta), Responses);

    /// <summary>One client's stream: all types, state of the world.</summary>
    public abstract Task StreamAggregatedResources(
        IAsyncStreamReader<StateOfTheWorldRequest> requestStream, IServerStreamWriter<EncodedResponse> responseStream, ServerCallContext context);

    /// <summary>One client's stream: all types, delta.</summary>
    public abstract Task DeltaAggregatedResources(
        IAsyncStreamReader<DeltaRequest> requestStream, IServerStreamWriter<EncodedResponse> responseStream, ServerCallContext context);

    /// <summary>Lists the methods; called by the server when the service is mapped.</summary>
    public static void BindService(ServiceBinderBase serviceBinder, EncodedDiscovery? serviceImpl)
    {
        serviceBinder.AddMethod(
            Stream, serviceImpl is null ? null : new DuplexStreamingServerMethod<StateOfTheWorldRequest, EncodedResponse>(serviceImpl.StreamAggregatedResources));
        serviceBinder.AddMethod(
            Delta, serviceImpl is null ? null : new DuplexStreamingServerMethod<DeltaRequest, EncodedResponse>(serviceImpl.DeltaAggregatedResources));
    }

    private static Marshaller<T> Requests<T>(Func<ReadOnlySequence<byte>, T> read) => Marshallers.Create<T>(
        static (_, _) => throw new NotSupportedException("A request in this form is only read, never sent."),
        context => read(context.PayloadAsReadOnlySequence()));

    private static void Write(EncodedResponse response, SerializationContext context)
    {
        context.SetPayloadLength(response.Length);
        response.WriteTo(context.GetBufferWriter());
        context.Complete();
    }
}
