using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using Xunit;

namespace Mesh.Proxy.Tests.Discovery;

/// <summary>The keeper and the control plane's account of a stream, face to face: no stream, no threads, a clock that tests move.</summary>
public sealed class KeeperTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConfigStore _store = new();
    private readonly UpstreamRegistry _registry = new();
    private MeshResources _mesh = MeshResources.Empty;
    private AdsStream _stream = new(AdsVariant.StateOfTheWorld, new AdsLimits());
    private ConfigKeeper _keeper;

    public KeeperTests() => _keeper = New(new KeeperLimits { Hosts = 3 });

    public void Dispose() => _registry.Dispose();

    [Fact]
    public void One_host_leads_to_its_route_its_cluster_and_its_endpoints()
    {
        Register("a");
        Exchange(_keeper.Opened());

        Exchange(_keeper.Ask("a")!);

        Assert.Equal(HostStatus.Ready, _store.Current.Hosts["a"].Status);
        Assert.Equal("10.0.0.1:80", Assert.Single(_store.Current.Clusters["default/a"].Usable).Config.Key);
        Assert.Equal([1, 1, 1, 1], _keeper.State.All.Select(s => s.Wanted.Count));
    }

    [Fact]
    public void A_host_that_does_not_exist_is_known_to_be_absent_and_appears_when_it_is_registered()
    {
        Register("a");
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);

        Exchange(_keeper.Ask("b")!);
        Assert.Equal(HostStatus.Absent, _store.Current.Hosts["b"].Status);

        Register("b");
        _stream.Mark(ResourceType.Listener, "b");
        Exchange([]);
        Assert.Equal(HostStatus.Ready, _store.Current.Hosts["b"].Status);
        Assert.Equal(2, _store.Current.Clusters.Count);
    }

    [Fact]
    public void A_host_that_nobody_uses_is_given_up_with_all_that_followed_from_it()
    {
        Register("a");
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);

        _time.Advance(TimeSpan.FromMinutes(11));
        Exchange(_keeper.Tick());

        Assert.Empty(_store.Current.Hosts);
        Assert.Empty(_store.Current.Clusters);
        Assert.All(_keeper.State.All, s => Assert.Empty(s.Wanted));
    }

    [Fact]
    public void A_pinned_host_is_never_given_up()
    {
        _keeper = New(new KeeperLimits(), "a");
        Register("a");
        Exchange(_keeper.Opened());

        _time.Advance(TimeSpan.FromDays(1));
        Exchange(_keeper.Tick());

        Assert.Equal(HostStatus.Ready, _store.Current.Hosts["a"].Status);
    }

    [Fact]
    public void With_as_many_hosts_as_may_be_an_absent_or_the_longest_unused_one_makes_room_but_none_in_use()
    {
        Register("a");
        Register("b");
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Exchange(_keeper.Ask("b")!);
        Exchange(_keeper.Ask("nobody")!);

        Assert.Null(_keeper.Ask("x"));
        _time.Advance(TimeSpan.FromSeconds(5));
        Register("c");
        Exchange(_keeper.Ask("c")!);
        Assert.Equal(["a", "b", "c"], _store.Current.Hosts.Keys.Order(StringComparer.Ordinal));

        _time.Advance(TimeSpan.FromSeconds(5));
        Exchange(_keeper.Ask("d")!);
        Assert.Equal(["b", "c", "d"], _store.Current.Hosts.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_new_stream_is_told_what_is_there_and_who_asks_only_once()
    {
        Register("a");
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);
        _keeper.Closed();

        var again = _keeper.Opened();

        Assert.Equal([ResourceTypes.ListenerUrl, ResourceTypes.RouteUrl, ResourceTypes.ClusterUrl, ResourceTypes.EndpointsUrl], again.Select(r => r.TypeUrl));
        Assert.All(again, r => Assert.NotEqual("", r.VersionInfo));
        Assert.All(again, r => Assert.Equal("", r.ResponseNonce));
        Assert.Equal(["proxy"], again.Where(r => r.Node is not null).Select(r => r.Node.Id));
    }

    [Fact]
    public void What_was_saved_serves_before_the_control_plane_is_there_and_yields_to_it()
    {
        Register("a");
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);
        var path = Path.GetTempFileName();
        try
        {
            StateFile.Save(path, StateFile.Of(_keeper.State));
            _keeper = New(new KeeperLimits(), StateFile.Load(path));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Equal(HostStatus.Ready, _store.Current.Hosts["a"].Status);
        Assert.Single(_store.Current.Clusters["default/a"].Usable);
        Assert.False(_store.Current.Connected);

        Register("a", "10.0.0.2");
        _stream = new AdsStream(AdsVariant.StateOfTheWorld, new AdsLimits());
        Exchange(_keeper.Opened());
        Assert.Equal("10.0.0.2:80", Assert.Single(_store.Current.Clusters["default/a"].Usable).Config.Key);
        Assert.True(_store.Current.Connected);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 3, 1, 2 })]
    public void A_saved_file_that_cannot_be_read_counts_as_none(byte[] content)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, content);
            Assert.Empty(StateFile.Load(path));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Empty(StateFile.Load(path));
    }

    [Fact]
    public void A_split_leads_to_all_of_its_clusters_and_a_plain_route_to_one_again()
    {
        Register("a");
        Register("b");
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);
        Assert.Equal(["default/a"], _store.Current.Clusters.Keys);

        Register("a", to: [new(new("default", "a"), 9), new(new("default", "b"), 1)]);
        _stream.Mark(ResourceType.Route, "a");
        Exchange([]);
        Assert.Equal(["default/a", "default/b"], _store.Current.Clusters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1, 1, 2, 2], _keeper.State.All.Select(s => s.Wanted.Count));
        Assert.Equal(
            ["default/a", "default/b"],
            new[] { 0.89, 0.91 }.Select(roll => Resolution.Of(_store.Current, "a", "/", roll).Cluster!.Config.Name));

        Register("a");
        _stream.Mark(ResourceType.Route, "a");
        Exchange([]);
        Assert.Equal(["default/a"], _store.Current.Clusters.Keys);
    }

    [Fact]
    public void A_destination_that_does_not_exist_is_a_cluster_without_endpoints_until_it_is_registered()
    {
        Register("a", to: [new(new("default", "a"), 1), new(new("default", "b"), 1)]);
        Exchange(_keeper.Opened());
        Exchange(_keeper.Ask("a")!);
        Assert.Equal(
            [("default/a", 1), ("default/b", 0)],
            new[] { 0.4, 0.6 }.Select(roll => Resolution.Of(_store.Current, "a", "/", roll).Cluster!).Select(c => (c.Config.Name, c.Usable.Length)));

        Register("b");
        _stream.Mark(ResourceType.Endpoints, "default/b");
        Exchange([]);
        Assert.Single(Resolution.Of(_store.Current, "a", "/", 0.6).Cluster!.Usable);
    }

    private ConfigKeeper New(KeeperLimits limits, params string[] pinned) =>
        new(new Node { Id = "proxy", UserAgentName = ClientKinds.MeshProxyUserAgent }, pinned, limits, _store, _registry, _time);

    private ConfigKeeper New(KeeperLimits limits, IReadOnlyList<DiscoveryResponse> saved) =>
        new(new Node { Id = "proxy", UserAgentName = ClientKinds.MeshProxyUserAgent }, [], limits, _store, _registry, _time, saved);

    private void Register(string service, string address = "10.0.0.1", params RouteDestination[] to)
    {
        var id = new ServiceId(ServiceId.DefaultNamespace, service);
        (_mesh, _) = _mesh.With(id, new ServiceSnapshot
        {
            Service = id,
            Version = new SnapshotVersion(1, _time.GetTimestamp() + address.GetHashCode(StringComparison.Ordinal)),
            Endpoints = [new EndpointSnapshot { Id = "e", Address = address, Port = 80, Weight = 100, Status = Mesh.Core.Health.HealthStatus.Healthy }],
            Policy = TrafficPolicy.Default,
            Routing = to.Length == 0 ? null : new() { Destinations = [.. to] },
            At = _time.GetUtcNow(),
        });
    }

    /// <summary>Carries requests and answers to and fro until neither side has anything to say.</summary>
    private void Exchange(IReadOnlyList<DiscoveryRequest> requests)
    {
        var waiting = new Queue<DiscoveryRequest>(requests);
        while (true)
        {
            while (waiting.TryDequeue(out var request))
            {
                _stream.Receive(request);
            }

            if (_stream.Next(_mesh.For(ClientKind.MeshProxy)) is not { } response)
            {
                return;
            }

            foreach (var answer in _keeper.Received(response.ToMessage()))
            {
                waiting.Enqueue(answer);
            }
        }
    }
}
