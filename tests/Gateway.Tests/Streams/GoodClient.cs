using Envoy.Config.Endpoint.V3;
using Mesh.Core.Health;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A client that does all as it should beside one that does not, and must not notice.</summary>
internal sealed class GoodClient : IDisposable
{
    public const string Service = "default/good";

    private readonly EitherClient _client;
    private readonly StreamHost _host;
    private readonly DateTimeOffset _since;
    private bool _ejected;

    private GoodClient(EitherClient client, StreamHost host) => (_client, _host, _since) = (client, host, Own(host).ConnectedAt);

    public static async Task<GoodClient> Connect(AdsVariant variant, StreamHost host)
    {
        host.View.Set(Service, TableView.Endpoint("a", "127.0.0.1", 1001), TableView.Endpoint("b", "127.0.0.1", 1002));
        var client = new EitherClient(variant, host.Address, "good");
        await client.Ask(ResourceType.Endpoints, Service);
        await client.Accept(await client.Receive());
        await Eventually.True(() => host.Proxies.Find("good").Count == 1);
        return new GoodClient(client, host);
    }

    /// <summary>A change of its service reaches it on the stream that it has had from the beginning.</summary>
    public async Task IsServed()
    {
        _ejected = !_ejected;
        _host.View.SetStatus(Service, "b", _ejected ? HealthStatus.Ejected : HealthStatus.Healthy);
        XdsAnswer answer;
        do
        {
            answer = await _client.Receive();
            await _client.Accept(answer);
        }
        while (IsEjected(answer) != _ejected);
        Assert.Equal(_since, Own(_host).ConnectedAt);
    }

    public void Dispose() => _client.Dispose();

    private static bool IsEjected(XdsAnswer answer) => answer.Resources.Single().Unpack<ClusterLoadAssignment>()
        .Endpoints[0].LbEndpoints.Any(e => e.HealthStatus == Envoy.Config.Core.V3.HealthStatus.Unhealthy);

    private static Api.ProxyView Own(StreamHost host) => Assert.Single(host.Proxies.Find("good"));
}
