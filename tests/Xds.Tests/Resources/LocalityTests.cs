using System.Collections.Immutable;
using Envoy.Config.Endpoint.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core.Health;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;
using Node = Envoy.Config.Core.V3.Node;
using Place = Mesh.Core.Locality;

namespace Mesh.Xds.Tests.Resources;

public sealed class LocalityTests
{
    private static readonly TrafficPolicy Nearest = new() { LocalityLbSetting = new() };

    private static readonly EndpointSnapshot[] TwoZones = [In("a", 1, "a"), In("b", 2, "a"), In("c", 3, "b")];

    private static readonly MeshResources One = MeshResources.Empty.With(Greeter, Of(Greeter, 1, Nearest, TwoZones)).Next;

    [Theory]
    [InlineData(ClientKind.Sidecar)]
    [InlineData(ClientKind.MeshProxy)]
    [InlineData(ClientKind.ProxylessGrpc)]
    public void Each_client_gets_its_own_zone_first(ClientKind kind)
    {
        Assert.Equal(["0 a: 1 2", "1 b: 3"], View(One, kind, "a"));
        Assert.Equal(["0 b: 3", "1 a: 1 2"], View(One, kind, "b"));
        Assert.Equal(["0 a: 1 2", "0 b: 3"], View(One, kind, "c"));
        var policy = Assignment(One, kind, ClientPlace.At("eu", "a")).Policy;
        Assert.Equal(kind == ClientKind.ProxylessGrpc ? null : 140u, policy?.OverprovisioningFactor);
    }

    [Fact]
    public void Where_localities_make_no_difference_all_clients_share_one_resource()
    {
        var mesh = MeshResources.Empty.With(Greeter, Of(1, TwoZones)).Next;
        Assert.Same(Endpoints(mesh, ClientPlace.Unknown), Endpoints(mesh, ClientPlace.At("eu", "a")));
        Assert.Equal(["0 a: 1 2", "0 b: 3"], View(mesh, ClientKind.Sidecar, "a"));
        Assert.Null(Assignment(mesh, ClientKind.Sidecar, ClientPlace.At("eu", "a")).Policy);
    }

    [Fact]
    public void Clients_of_one_zone_share_the_bytes_and_so_do_clients_of_nowhere()
    {
        Assert.Same(Endpoints(One, ClientPlace.At("eu", "a")), Endpoints(One, ClientPlace.At("eu", "a", "rack 7")));
        Assert.Same(Endpoints(One, ClientPlace.Unknown), Endpoints(One, ClientPlace.At("mars")));
        Assert.NotSame(Endpoints(One, ClientPlace.At("eu", "a")), Endpoints(One, ClientPlace.At("eu", "b")));
    }

    [Fact]
    public void A_zone_whose_endpoints_are_all_ejected_is_no_priority_for_grpc()
    {
        var (mesh, _) = One.With(Greeter, Of(Greeter, 2, Nearest, [.. TwoZones.Select(e => e.Locality.Zone == "a" ? e with { Status = HealthStatus.Ejected } : e)]));
        Assert.Equal(["0 b: 3"], View(mesh, ClientKind.ProxylessGrpc, "a"));
        Assert.Equal(["0 a: 1 2", "1 b: 3"], View(mesh, ClientKind.Sidecar, "a"));
        Assert.NotEqual(Endpoints(One, ClientPlace.At("eu", "a")).Version, Endpoints(mesh, ClientPlace.At("eu", "a")).Version);
    }

    [Theory]
    [InlineData(ClientKind.Sidecar)]
    [InlineData(ClientKind.ProxylessGrpc)]
    public void A_zone_that_comes_back_gets_a_trickle_until_somebody_of_it_is_proven(ClientKind kind)
    {
        var (mesh, _) = One.With(Greeter, Of(Greeter, 2, Nearest, [TwoZones[0] with { Status = HealthStatus.Probing, Weight = 10 }, TwoZones[2]]));
        Assert.Equal(["0 a: 1", "0 b: 3"], View(mesh, kind, "a"));
        Assert.Equal([10u, 100u], Assignment(mesh, kind, ClientPlace.At("eu", "a")).Endpoints.Select(e => e.LoadBalancingWeight ?? 0));
        Assert.Equal(["0 b: 3", "1 a: 1"], View(mesh, kind, "b"));

        (mesh, _) = mesh.With(Greeter, Of(Greeter, 3, Nearest, [TwoZones[0], TwoZones[2]]));
        Assert.Equal(["0 a: 1", "1 b: 3"], View(mesh, kind, "a"));
    }

    [Fact]
    public void A_setting_changes_the_endpoints_and_only_shares_the_cluster()
    {
        var (_, change) = One.With(Greeter, Of(Greeter, 2, TrafficPolicy.Default, TwoZones));
        Assert.Equal(new ResourceChange(Greeter, false, true, false), change);

        var shares = Nearest with { LocalityLbSetting = new() { Distribute = [new("eu/a", To(("eu/a", 90), ("eu/b", 10)))] } };
        (var mesh, change) = One.With(Greeter, Of(Greeter, 2, shares, TwoZones));
        Assert.Equal(new ResourceChange(Greeter, true, true, false), change);
        Assert.Equal([900_000u, 100_000u], Assignment(mesh, ClientKind.Sidecar, ClientPlace.At("eu", "a")).Endpoints.Select(e => e.LoadBalancingWeight ?? 0));
        Assert.NotNull(ClusterTranslation.Translate(Greeter, shares, ClientKind.Sidecar).CommonLbConfig.LocalityWeightedLbConfig);
        Assert.Null(ClusterTranslation.Translate(Greeter, Nearest, ClientKind.Sidecar).CommonLbConfig.LocalityWeightedLbConfig);
    }

    [Fact]
    public void What_a_cluster_does_not_say_does_not_change_it()
    {
        var (_, change) = One.With(Greeter, Of(
            Greeter,
            2,
            Nearest with { HealthCheck = new(), Warmup = new(), AdaptiveWeights = new(), OutlierDetection = new() { SuccessRateRequestVolume = 7 } },
            TwoZones));
        Assert.False(change.Any);
        (_, change) = One.With(Greeter, Of(Greeter, 2, Nearest with { OutlierDetection = new() { EnforcingConsecutive5xx = 50 } }, TwoZones));
        Assert.True(change.Cluster);
    }

    [Fact]
    public void The_labels_of_a_client_count_where_the_setting_names_them()
    {
        var policy = new TrafficPolicy { LocalityLbSetting = new() { FailoverPriority = ["version", FailoverLabels.Zone] } };
        var endpoints = TwoZones.Select((e, i) => e with { Labels = e.Labels.Add("version", i == 1 ? "v2" : "v1") }).ToArray();
        var mesh = MeshResources.Empty.With(Greeter, Of(Greeter, 1, policy, endpoints)).Next;
        var node = new Node
        {
            Locality = new() { Region = "eu", Zone = "a" },
            Metadata = new() { Fields = { ["LABELS"] = Value.ForStruct(new Struct { Fields = { ["version"] = Value.ForString("v1") } }) } },
        };
        Assert.Equal(["0 a: 1", "1 b: 3", "2 a: 2"], Lines(Assignment(mesh, ClientKind.Sidecar, ClientPlaces.Of(node))));

        var (_, change) = mesh.With(Greeter, Of(Greeter, 2, policy, [.. endpoints.Select(e => e with { Labels = e.Labels.Add("other", "x") })]));
        Assert.False(change.Any);
        (_, change) = mesh.With(Greeter, Of(Greeter, 2, policy, [.. endpoints.Select(e => e with { Labels = e.Labels.SetItem("version", "v3") })]));
        Assert.True(change.Endpoints);
    }

    [Fact]
    public void Views_are_bounded_and_who_has_one_keeps_it()
    {
        var many = Enumerable.Range(0, 200).Select(i => In($"e{i:D3}", i + 1, $"z{i:D3}")).ToArray();
        var mesh = MeshResources.Empty.With(Greeter, Of(Greeter, 1, Nearest, many)).Next;
        var own = Enumerable.Range(0, 200).Where(i => HasOwn(mesh, i)).ToList();
        Assert.Equal(Enumerable.Range(0, MeshResources.MostLocalityViews), own);

        (mesh, _) = mesh.With(Greeter, Of(Greeter, 2, Nearest, [.. many.Select(e => e with { Weight = 50 })]));
        Assert.False(HasOwn(mesh, 199));
        Assert.True(HasOwn(mesh, 0));

        static bool HasOwn(MeshResources mesh, int zone) => View(mesh, ClientKind.Sidecar, $"z{zone:D3}")[1].StartsWith('1');
    }

    [Fact]
    public void A_node_says_where_it_runs_and_what_is_too_long_is_not_heard()
    {
        Assert.Equal(ClientPlace.Unknown, ClientPlaces.Of(null));
        Assert.Equal(ClientPlace.Unknown, ClientPlaces.Of(new Node()));
        Assert.Equal(new Place("r", "z", "s"), ClientPlaces.Of(new Node { Locality = new() { Region = "r", Zone = "z", SubZone = "s" } }).Locality);
        Assert.Equal(ClientPlace.Unknown, ClientPlaces.Of(new Node { Locality = new() { Region = new string('r', 254) } }));
        var labels = new Struct { Fields = { ["b"] = Value.ForNumber(1), [new string('n', 254)] = Value.ForString("x"), ["c"] = Value.ForString(new string('v', 254)) } };
        for (var i = 0; i < 70; i++)
        {
            labels.Fields[$"l{i:D2}"] = Value.ForString("v");
        }

        var read = ClientPlaces.Of(new Node { Metadata = new() { Fields = { ["LABELS"] = Value.ForStruct(labels) } } }).Labels;
        Assert.Equal(Enumerable.Range(0, 64).Select(i => $"l{i:D2}"), read.Keys);
        Assert.Empty(ClientPlaces.Of(new Node { Metadata = new() { Fields = { ["LABELS"] = Value.ForString("x") } } }).Labels);
    }

    private static EndpointSnapshot In(string id, int port, string zone) => Endpoint(id, port) with { Locality = new Place("eu", zone, "") };

    private static string[] View(MeshResources mesh, ClientKind kind, string zone) => Lines(Assignment(mesh, kind, ClientPlace.At("eu", zone)));

    private static string[] Lines(ClusterLoadAssignment assignment) =>
    [
        .. assignment.Endpoints.Select(g =>
            $"{g.Priority} {g.Locality.Zone}: {string.Join(' ', g.LbEndpoints.Select(e => e.Endpoint.Address.SocketAddress.PortValue))}"),
    ];

    private static ClusterLoadAssignment Assignment(MeshResources mesh, ClientKind kind, ClientPlace place) =>
        new EncodedResponse(ResourceType.Endpoints, "1", "1", [Find(mesh, kind, place)]).ToMessage().Resources[0].Unpack<ClusterLoadAssignment>();

    private static EncodedResource Endpoints(MeshResources mesh, ClientPlace place) => Find(mesh, ClientKind.Sidecar, place);

    private static EncodedResource Find(MeshResources mesh, ClientKind kind, ClientPlace place) =>
        mesh.For(new ClientProfile { Kind = kind, Place = place }).Find(ResourceType.Endpoints, "default/greeter")!;

    private static ImmutableSortedDictionary<string, int> To(params (string Pattern, int Percent)[] shares) =>
        shares.ToImmutableSortedDictionary(s => s.Pattern, s => s.Percent, StringComparer.Ordinal);
}
