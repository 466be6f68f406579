using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;
using HealthStatus = Mesh.Core.Health.HealthStatus;
using Place = Mesh.Core.Locality;

namespace Mesh.Xds.Tests.Translation;

public sealed class OlderClientsTests
{
    [Theory]
    [InlineData("1.40.0", ClientKind.Sidecar)]
    [InlineData("1.23.0", ClientKind.Sidecar)]
    [InlineData("1.22.9", ClientKind.EnvoyTo122)]
    [InlineData("1.17.0", ClientKind.EnvoyTo122)]
    [InlineData("1.16.5-dev", ClientKind.EnvoyTo116)]
    [InlineData("1.16", ClientKind.EnvoyTo116)]
    [InlineData("2.0.0", ClientKind.Sidecar)]
    [InlineData("main", ClientKind.Sidecar)]
    [InlineData("1", ClientKind.Sidecar)]
    [InlineData("1.x", ClientKind.Sidecar)]
    [InlineData("1.-3", ClientKind.Sidecar)]
    [InlineData("", ClientKind.Sidecar)]
    public void An_older_envoy_is_known_by_its_version(string version, ClientKind expected)
    {
        Assert.Equal(expected, ClientKinds.Of(new Node { UserAgentName = "envoy", UserAgentVersion = version }));
        Assert.Equal(ClientKind.Sidecar, ClientKinds.Of(new Node { UserAgentName = "other", UserAgentVersion = version }));
    }

    [Theory]
    [InlineData(1, 22, ClientKind.EnvoyTo122)]
    [InlineData(1, 16, ClientKind.EnvoyTo116)]
    [InlineData(1, 23, ClientKind.Sidecar)]
    [InlineData(2, 1, ClientKind.Sidecar)]
    [InlineData(1, uint.MaxValue, ClientKind.Sidecar)]
    public void And_by_its_build_version_as_envoy_itself_says_it(uint major, uint minor, ClientKind expected) => Assert.Equal(
        expected,
        ClientKinds.Of(new Node { UserAgentName = "envoy", UserAgentBuildVersion = new() { Version = new() { MajorNumber = major, MinorNumber = minor } } }));

    [Theory]
    [InlineData(ClientKind.Sidecar, true)]
    [InlineData(ClientKind.MeshProxy, true)]
    [InlineData(ClientKind.EnvoyTo122, true)]
    [InlineData(ClientKind.EnvoyTo116, false)]
    [InlineData(ClientKind.Mosn, false)]
    public void Who_does_not_take_the_extension_has_the_fields_that_it_replaced(ClientKind kind, bool extension)
    {
        var cluster = ClusterTranslation.Translate(Greeter, new() { ConnectionPool = new() { MaxRequestsPerConnection = 5 } }, kind);

        Assert.Equal(extension ? 1 : 0, cluster.TypedExtensionProtocolOptions.Count);
#pragma warning disable CS0612
        Assert.Equal(
            extension ? Envoy.Config.Cluster.V3.Cluster.Types.ClusterProtocolSelection.UseConfiguredProtocol : Envoy.Config.Cluster.V3.Cluster.Types.ClusterProtocolSelection.UseDownstreamProtocol,
            cluster.ProtocolSelection);
        Assert.Equal(extension ? null : 5u, cluster.MaxRequestsPerConnection);
        Assert.Null(ClusterTranslation.Translate(Greeter, TrafficPolicy.Default, kind).MaxRequestsPerConnection);
#pragma warning restore CS0612
    }

    [Theory]
    [InlineData(ClientKind.Sidecar, true)]
    [InlineData(ClientKind.MeshProxy, true)]
    [InlineData(ClientKind.ProxylessGrpc, true)]
    [InlineData(ClientKind.EnvoyTo122, false)]
    [InlineData(ClientKind.EnvoyTo116, false)]
    [InlineData(ClientKind.Mosn, false)]
    public void Who_cannot_be_told_to_ignore_ports_has_each_name_with_any_port_too(ClientKind kind, bool told)
    {
        var mesh = MeshResources.Empty.With(Greeter, Of(1)).Next;
        var routes = new EncodedResponse(ResourceType.Route, "", "", [mesh.For(kind).Find(ResourceType.Route, "mesh_outbound")!])
            .ToMessage().Resources[0].Unpack<RouteConfiguration>();
        string[] names = ["greeter", "greeter.default.mesh", "greeter.default.svc.cluster.local"];

        Assert.Equal(told, routes.IgnorePortInHostMatching);
        Assert.Equal(told ? names : [.. names, .. names.Select(name => $"{name}:*")], Assert.Single(routes.VirtualHosts).Domains);
    }

    [Fact]
    public void Mosn_is_not_shown_who_is_ejected_and_gets_all_others_in_one_group()
    {
        var endpoints = ServedEndpoints.Of(Of(1, Endpoint("a", 1, zone: "x"), Endpoint("b", 2, HealthStatus.Ejected, zone: "x"), Endpoint("c", 3, zone: "y")));

        var group = Assert.Single(EndpointsTranslation.Translate(Greeter, endpoints, ClientKind.Mosn).Endpoints);
        Assert.Equal([1u, 3u], group.LbEndpoints.Select(e => e.Endpoint.Address.SocketAddress.PortValue));
        Assert.Equal((0u, ""), (group.Priority, group.Locality.Zone));
        Assert.Empty(EndpointsTranslation.Translate(Greeter, [], ClientKind.Mosn).Endpoints);
    }

    [Fact]
    public void Mosn_gets_the_first_priority_alone_until_nobody_of_it_is_left()
    {
        var setting = new LocalityLbSetting();
        Assert.Equal([1u], Ports(HealthStatus.Healthy));
        Assert.Equal([2u], Ports(HealthStatus.Ejected));

        IEnumerable<uint> Ports(HealthStatus near)
        {
            var endpoints = ServedEndpoints.Of(Of(
                Greeter, 1, new() { LocalityLbSetting = setting }, In("a", 1, "x") with { Status = near }, In("b", 2, "y")));
            var assignment = EndpointsTranslation.Translate(Greeter, endpoints, ClientKind.Mosn, setting, ClientPlace.At("eu", "x"));
            Assert.Null(assignment.Policy);
            return Assert.Single(assignment.Endpoints).LbEndpoints.Select(e => e.Endpoint.Address.SocketAddress.PortValue);
        }

        static Mesh.Core.Snapshots.EndpointSnapshot In(string id, int port, string zone) => Endpoint(id, port) with { Locality = new Place("eu", zone, "") };
    }

    [Theory]
    [InlineData(new[] { 100, 50, 128 }, new[] { 100u, 50u, 128u })]
    [InlineData(new[] { 200, 100, 1 }, new[] { 128u, 64u, 1u })]
    [InlineData(new[] { 129, 129 }, new[] { 128u, 128u })]
    [InlineData(new[] { 1_000_000_000, 3 }, new[] { 128u, 1u })]
    public void Mosn_gets_weights_in_their_proportions_up_to_128(int[] weights, uint[] expected)
    {
        var endpoints = ServedEndpoints.Of(Of(1, [.. weights.Select((weight, i) => Endpoint($"e{i}", i + 1, weight: weight))]));
        var group = Assert.Single(EndpointsTranslation.Translate(Greeter, endpoints, ClientKind.Mosn).Endpoints);
        Assert.Equal(expected, group.LbEndpoints.Select(e => e.LoadBalancingWeight ?? 0));
    }
}
