using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Rest.Proxies;
using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Rest;

public sealed class ServiceRefusalsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ServiceId Greeter = new("default", "greeter");

    [Fact]
    public void Clients_that_say_the_same_of_the_same_version_are_one_refusal()
    {
        var clients = Enumerable.Range(0, 8).Select(i => ($"p{i}", Refused(ResourceType.Cluster, "default/greeter", "no", Start.AddSeconds(10 - i))));
        var (first, total) = ServiceRefusals.Of([.. clients, ("q", Refused(ResourceType.Cluster, "default/greeter", "other", Start.AddSeconds(60)))]).For(Greeter, null);

        Assert.Equal(2, total);
        Assert.Equal(("CDS", "default/greeter", "2", "no", 8, Start.AddSeconds(3)), (first[0].Type, first[0].Resource, first[0].Version, first[0].Error, first[0].Clients, first[0].Since));
        Assert.Equal(["p0", "p1", "p2", "p3", "p4"], first[0].Nodes);
        Assert.Equal("other", first[1].Error);
    }

    [Theory]
    [InlineData(ResourceType.Endpoints, "default/greeter", "", 1)]
    [InlineData(ResourceType.Endpoints, "default/greeter2", "", 0)]
    [InlineData(ResourceType.Route, "greeter.default.mesh:80", "", 1)]
    [InlineData(ResourceType.Listener, "greeter", "", 1)]
    [InlineData(ResourceType.Listener, "other", "default/greeter", 0)]
    [InlineData(ResourceType.Route, "mesh_outbound", "virtual host default/greeter: no", 1)]
    [InlineData(ResourceType.Route, "mesh_outbound", "virtual host default/greeter-2 or xdefault/greeter: no", 0)]
    [InlineData(ResourceType.Route, "mesh_outbound", "default/greeter2, default/greeter", 1)]
    [InlineData(ResourceType.Route, "mesh_ingress", "virtual host default/greeter: no", 1)]
    [InlineData(ResourceType.Route, "mesh_outbound", "something is wrong", 0)]
    public void A_refusal_is_led_back_to_the_service_that_the_resource_describes(ResourceType type, string name, string words, int expected) =>
        Assert.Equal(expected, ServiceRefusals.Of([("p", Refused(type, name, words, Start))]).For(Greeter, null).Total);

    [Theory]
    [InlineData(ResourceType.Cluster, "default/greeter", 0)]
    [InlineData(ResourceType.Endpoints, "default/greeter", 0)]
    [InlineData(ResourceType.Route, "greeter", 1)]
    public void A_document_about_routes_has_no_part_in_the_rest(ResourceType type, string name, int expected) =>
        Assert.Equal(expected, ServiceRefusals.Of([("p", Refused(type, name, "no", Start))]).For(Greeter, null, routesOnly: true).Total);

    [Fact]
    public void Long_words_and_long_lists_are_cut_and_counted()
    {
        var clients = Enumerable.Range(0, 50).Select(i => ("p", Refused(ResourceType.Cluster, "default/greeter", $"{i:00}{new string('x', 1000)}", Start)));
        var (first, total) = ServiceRefusals.Of(clients).For(Greeter, null);

        Assert.Equal((ServiceRefusals.Most, 50), (first.Count, total));
        Assert.All(first, static refusal => Assert.Equal((ServiceRefusals.MostWords, '…'), (refusal.Error.Length, refusal.Error[^1])));
    }

    [Theory]
    [InlineData(ResourceType.Cluster, "default/greeter", "DestinationRule/default/greeter@3")]
    [InlineData(ResourceType.Endpoints, "default/greeter", "DestinationRule/default/greeter@3")]
    [InlineData(ResourceType.Listener, "greeter", "VirtualService/default/split@2", "DestinationRule/default/greeter@3")]
    [InlineData(ResourceType.Route, "greeter:80", "VirtualService/default/split@2", "DestinationRule/default/greeter@3")]
    [InlineData(ResourceType.Route, "mesh_outbound", "VirtualService/default/split@2", "DestinationRule/default/greeter@3")]
    public void A_refusal_points_at_the_documents_in_force_that_the_resource_is_made_of(ResourceType type, string name, params string[] documents)
    {
        var inForce = new ServiceSnapshot
        {
            Service = Greeter,
            Version = new(1, 1),
            Endpoints = [],
            Policy = TrafficPolicy.Default with { Source = "DestinationRule/default/greeter@3" },
            Routing = new ServiceRouting { Destinations = [new RouteDestination(Greeter, 1)], Source = "VirtualService/default/split@2" },
            At = Start,
        };
        var refusals = ServiceRefusals.Of([("p", Refused(type, name, "default/greeter: no", Start))]);

        Assert.Equal(documents, Assert.Single(refusals.For(Greeter, inForce).First).Documents);
        Assert.Empty(Assert.Single(refusals.For(Greeter, inForce with { Policy = TrafficPolicy.Default, Routing = null }).First).Documents);
        Assert.Empty(Assert.Single(refusals.For(Greeter, null).First).Documents);
    }

    private static Refusals Refused(ResourceType type, string name, string words, DateTimeOffset at) =>
        Refusals.None.After([new RefusedResource(type, name, "2", words) { Accepted = "1" }], [1, 0, 0, 0], at);
}
