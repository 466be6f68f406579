using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Grpc.Core;

namespace Mesh.Proxy.Discovery;

/// <summary>
/// One stream, from opening to end. Requests wait in a bounded box for the transport, so that a control plane that does not read never holds
/// up the proxy; when the box is full, the stream is given up, and the next one begins with what is wanted then.
/// </summary>
internal sealed class AdsCall : IAsyncDisposable
{
    private const int MostWaiting = 1024;
    private readonly AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> _call;
    private readonly Channel<DiscoveryRequest> _outbox = Channel.CreateBounded<DiscoveryRequest>(MostWaiting);
    private readonly Task _writing;

    public AdsCall(AggregatedDiscoveryService.AggregatedDiscoveryServiceClient client, CancellationToken cancellationToken)
    {
        _call = client.StreamAggregatedResources(cancellationToken: cancellationToken);
        _writing = WriteAll();
    }

    public IAsyncStreamReader<DiscoveryResponse> Responses => _call.ResponseStream;

    public void Send(IEnumerable<DiscoveryRequest> requests)
    {
        foreach (var request in requests)
        {
            if (!_outbox.Writer.TryWrite(request))
            {
                _call.Dispose();
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _outbox.Writer.TryComplete();
        _call.Dispose();
        await _writing;
    }

    private async Task WriteAll()
    {
        try
        {
            await foreach (var request in _outbox.Reader.ReadAllAsync())
            {
                await _call.RequestStream.WriteAsync(request);
            }
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // The reading side sees the same end, and says why.
            _outbox.Writer.TryComplete();
            _call.Dispose();
        }
    }
}
