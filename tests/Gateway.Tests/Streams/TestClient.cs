using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Xds;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>An ADS client that does what a test says, and nothing by itself.</summary>
internal sealed class TestClient : IDisposable
{
    private readonly AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> _call;
    private Node? _node;

    public TestClient(StreamHost host, string node = "test", string userAgent = "envoy")
        : this(host.Channel, node, userAgent)
    {
    }

    public TestClient(Grpc.Net.Client.GrpcChannel channel, string node = "test", string userAgent = "envoy")
    {
        _node = new Node { Id = node, Cluster = "tests", UserAgentName = userAgent, Locality = new Locality { Region = "r", Zone = "z" } };
        _call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources();
    }

    public Task Ask(ResourceType type, params IEnumerable<string> names) => Send(new DiscoveryRequest { TypeUrl = type.Url(), ResourceNames = { names } });

    public Task Accept(DiscoveryResponse response, params IEnumerable<string> names) => Send(new DiscoveryRequest
    {
        TypeUrl = response.TypeUrl,
        VersionInfo = response.VersionInfo,
        ResponseNonce = response.Nonce,
        ResourceNames = { names },
    });

    public Task Reject(DiscoveryResponse response, string why, params IEnumerable<string> names) => Send(new DiscoveryRequest
    {
        TypeUrl = response.TypeUrl,
        ResponseNonce = response.Nonce,
        ErrorDetail = new Google.Rpc.Status { Code = 3, Message = why },
        ResourceNames = { names },
    });

    public async Task Send(DiscoveryRequest request)
    {
        request.Node = _node;
        _node = null;
        await _call.RequestStream.WriteAsync(request);
    }

    public async Task<DiscoveryResponse> Receive()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.True(await _call.ResponseStream.MoveNext(limit.Token), "The stream has ended.");
        return _call.ResponseStream.Current;
    }

    public async Task<T> Receive<T>()
        where T : IMessage<T>, new() => Assert.Single((await Receive()).Resources).Unpack<T>();

    public async Task<RpcException> End()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        return await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await _call.ResponseStream.MoveNext(limit.Token))
            {
            }
        });
    }

    public Task Leave() => _call.RequestStream.CompleteAsync();

    public void Dispose() => _call.Dispose();
}
