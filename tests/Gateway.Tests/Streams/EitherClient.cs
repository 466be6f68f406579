using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>An ADS client of either protocol on a connection of its own, for what does not depend on which. It does what a test says, and nothing by itself.</summary>
internal sealed class EitherClient : IDisposable
{
    private readonly Dictionary<ResourceType, HashSet<string>> _names = [];
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse>? _sotw;
    private readonly AsyncDuplexStreamingCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse>? _delta;
    private Node? _node;

    public EitherClient(AdsVariant variant, Uri server, string node, Action<Node>? change = null)
    {
        _node = new Node { Id = node, Cluster = "tests", UserAgentName = "envoy" };
        change?.Invoke(_node);
        _channel = GrpcChannel.ForAddress(server);
        var client = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(_channel);
        if (variant == AdsVariant.Delta)
        {
            _delta = client.DeltaAggregatedResources();
        }
        else
        {
            _sotw = client.StreamAggregatedResources();
        }
    }

    /// <summary>Asks for these as well; for all when none is named.</summary>
    public Task Ask(ResourceType type, params IReadOnlyCollection<string> names)
    {
        var all = _names.TryGetValue(type, out var known) ? known : _names[type] = [];
        all.UnionWith(names);
        return Send(type, "", "", null, names);
    }

    /// <summary>Says that the delta client has these versions, and wants them.</summary>
    public Task Resume(ResourceType type, IReadOnlyDictionary<string, string> versions, bool all)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = type.Url(), Node = TakeNode(), InitialResourceVersions = { versions.ToDictionary() } };
        request.ResourceNamesSubscribe.Add(all ? [] : versions.Keys);
        return _delta!.RequestStream.WriteAsync(request);
    }

    /// <summary>Says, by delta, that these are wanted no longer, and those from now on.</summary>
    public Task GiveBack(ResourceType type, IEnumerable<string> names, params IEnumerable<string> others) => _delta!.RequestStream.WriteAsync(new DeltaDiscoveryRequest
    {
        TypeUrl = type.Url(),
        ResourceNamesUnsubscribe = { names },
        ResourceNamesSubscribe = { others },
    });

    public Task Accept(XdsAnswer answer) => Send(answer.Type, answer.Version, answer.Nonce, null, []);

    public Task Reject(XdsAnswer answer, string why) => Send(answer.Type, "", answer.Nonce, new Google.Rpc.Status { Code = 3, Message = why }, []);

    public async Task<XdsAnswer> Receive()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.True(await MoveNext(limit.Token), "The stream has ended.");
        return Current;
    }

    public async Task<RpcException> End()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        return await Assert.ThrowsAnyAsync<RpcException>(async () =>
        {
            while (await MoveNext(limit.Token))
            {
            }
        });
    }

    public void Dispose()
    {
        _sotw?.Dispose();
        _delta?.Dispose();
        _channel.Dispose();
    }

    private XdsAnswer Current => _delta is not null
        ? new XdsAnswer(
            ResourceTypes.FromUrl(_delta.ResponseStream.Current.TypeUrl)!.Value,
            _delta.ResponseStream.Current.SystemVersionInfo,
            _delta.ResponseStream.Current.Nonce,
            [.. _delta.ResponseStream.Current.Resources.Select(r => r.Resource_)],
            _delta.ResponseStream.Current.Resources.ToDictionary(r => r.Name, r => r.Version),
            [.. _delta.ResponseStream.Current.RemovedResources])
        {
            Wrapped = _delta.ResponseStream.Current.Resources,
        }
        : new XdsAnswer(
            ResourceTypes.FromUrl(_sotw!.ResponseStream.Current.TypeUrl)!.Value,
            _sotw.ResponseStream.Current.VersionInfo,
            _sotw.ResponseStream.Current.Nonce,
            _sotw.ResponseStream.Current.Resources,
            new Dictionary<string, string>(),
            [])
        {
            Wrapped = [.. _sotw.ResponseStream.Current.Resources.Where(static any => any.Is(Resource.Descriptor)).Select(static any => any.Unpack<Resource>())],
        };

    private Task<bool> MoveNext(CancellationToken cancellationToken) =>
        _delta?.ResponseStream.MoveNext(cancellationToken) ?? _sotw!.ResponseStream.MoveNext(cancellationToken);

    private Task Send(ResourceType type, string version, string nonce, Google.Rpc.Status? error, IReadOnlyCollection<string> added)
    {
        if (_delta is not null)
        {
            return _delta.RequestStream.WriteAsync(new DeltaDiscoveryRequest
            {
                Node = TakeNode(),
                TypeUrl = type.Url(),
                ResponseNonce = nonce,
                ErrorDetail = error,
                ResourceNamesSubscribe = { added },
            });
        }

        return _sotw!.RequestStream.WriteAsync(new DiscoveryRequest
        {
            Node = TakeNode(),
            TypeUrl = type.Url(),
            VersionInfo = version,
            ResponseNonce = nonce,
            ErrorDetail = error,
            ResourceNames = { _names.GetValueOrDefault(type) ?? [] },
        });
    }

    private Node? TakeNode()
    {
        var node = _node;
        _node = null;
        return node;
    }
}

/// <summary>What a response of either protocol says.</summary>
internal sealed record XdsAnswer(
    ResourceType Type, string Version, string Nonce, IReadOnlyList<Any> Resources, IReadOnlyDictionary<string, string> Versions, IReadOnlyList<string> Removed)
{
    /// <summary>Its resources in the wrapper that says how long they live; in state of the world those that have one.</summary>
    public IReadOnlyList<Resource> Wrapped { get; init; } = [];
}
