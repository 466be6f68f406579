using Mesh.Core;
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
        var (first, total) = ServiceRefusals.Of([.. clients, ("q", Refused(ResourceType.Cluster, "default/greeter", "other", Start.AddSeconds(60)))]).For(Greeter);

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
    [InlineData(ResourceType.Route, "mesh_outbound", "something is wrong", 0)]
    public void A_refusal_is_led_back_to_the_service_that_the_resource_describes(ResourceType type, string name, string words, int expected) =>
        Assert.Equal(expected, ServiceRefusals.Of([("p", Refused(type, name, words, Start))]).For(Greeter).Total);

    [Theory]
    [InlineData(ResourceType.Cluster, "default/greeter", 0)]
    [InlineData(ResourceType.Endpoints, "default/greeter", 0)]
    [InlineData(ResourceType.Route, "greeter", 1)]
    public void A_document_about_routes_has_no_part_in_the_rest(ResourceType type, string name, int expected) =>
        Assert.Equal(expected, ServiceRefusals.Of([("p", Refused(type, name, "no", Start))]).For(Greeter, routesOnly: true).Total);

    [Fact]
    public void Long_words_and_long_lists_are_cut_and_counted()
    {
        var clients = Enumerable.Range(0, 50).Select(i => ("p", Refused(ResourceType.Cluster, "default/greeter", $"{i:00}{new string('x', 1000)}", Start)));
        var (first, total) = ServiceRefusals.Of(clients).For(Greeter);

        Assert.Equal((ServiceRefusals.Most, 50), (first.Count, total));
        Assert.All(first, static refusal => Assert.Equal((ServiceRefusals.MostWords, '…'), (refusal.Error.Length, refusal.Error[^1])));
    }

    private static Refusals Refused(ResourceType type, string name, string words, DateTimeOffset at) =>
        Refusals.None.After([new RefusedResource(type, name, "2", words) { Accepted = "1" }], [1, 0, 0, 0], at);
}
