using System.Text.Json;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Routing;

public class ServiceRoutingTests
{
    private static readonly ServiceId Cart = new("shop", "cart");
    private static readonly ServiceId Canary = new("shop", "canary");

    private static readonly ServiceRouting Split = new()
    {
        RuleName = "canary",
        Destinations = [new(Cart, 90), new(Canary, 10)],
        Source = "VirtualService/shop/cart@1",
    };

    [Fact]
    public void Routings_are_equal_by_content()
    {
        var same = Split with { Destinations = [new(new("shop", "cart"), 90), new(Canary, 10)] };
        Assert.Equal((Split, Split.GetHashCode()), (same, same.GetHashCode()));
        Assert.NotEqual(Split, Split with { Destinations = [new(Cart, 80), new(Canary, 20)] });
        Assert.NotEqual(Split, Split with { Destinations = [new(Canary, 10), new(Cart, 90)] });
        Assert.NotEqual(Split, Split with { RuleName = null });
        Assert.NotEqual(Split, Split with { Source = "VirtualService/shop/cart@2" });
        Assert.False(Split.Equals(null));
    }

    [Fact]
    public void To_a_client_only_the_way_of_its_requests_matters()
    {
        Assert.True(ServiceRouting.Same(null, null));
        Assert.False(ServiceRouting.Same(Split, null));
        Assert.False(ServiceRouting.Same(null, Split));
        Assert.True(ServiceRouting.Same(Split, Split with { Source = "VirtualService/shop/cart@2" }));
        Assert.True(ServiceRouting.Same(Split, Split with { Destinations = [.. Split.Destinations, new(new("shop", "later"), 0)] }));
        Assert.False(ServiceRouting.Same(Split, Split with { RuleName = null }));
        Assert.False(ServiceRouting.Same(Split, Split with { Destinations = [new(Cart, 91), new(Canary, 9)] }));
    }

    [Fact]
    public void Shares_are_told_in_percent_and_leave_out_who_gets_nothing()
    {
        Assert.Equal("90% to shop/cart, 10% to shop/canary", Split.Describe());
        Assert.Equal("33.33% to shop/cart, 66.67% to shop/canary", (Split with { Destinations = [new(Cart, 1), new(Canary, 2)] }).Describe());
        Assert.Equal("100% to shop/cart", (Split with { Destinations = [new(Cart, 7), new(Canary, 0)] }).Describe());
    }

    [Fact]
    public void A_routing_survives_its_way_over_the_wire_and_the_disk() =>
        Assert.Equal(Split, JsonSerializer.Deserialize<ServiceRouting>(JsonSerializer.Serialize(Split)));

    [Fact]
    public void Another_routing_makes_another_version_of_the_snapshot_and_the_same_one_none()
    {
        var plain = Compile(null, null);
        Assert.Null(plain.Routing);
        var split = Compile(plain, Split);
        Assert.Equal((Split, new SnapshotVersion(1, 2)), (split.Routing, split.Version));
        Assert.Same(split, Compile(split, Split with { Destinations = [.. Split.Destinations] }));
        Assert.Equal(new SnapshotVersion(1, 3), Compile(split, null).Version);
    }

    [Fact]
    public void A_snapshot_without_routing_is_written_as_before()
    {
        var plain = Compile(null, null);
        Assert.DoesNotContain("Routing", JsonSerializer.Serialize(plain), StringComparison.Ordinal);
        var split = Compile(plain, Split);
        Assert.Equal(Split, JsonSerializer.Deserialize<ServiceSnapshot>(JsonSerializer.Serialize(split))!.Routing);
    }

    [Fact]
    public void Changes_of_the_routing_are_told_in_one_line()
    {
        var plain = Compile(null, null);
        var first = Compile(plain, Split);
        var second = Compile(first, Split with { Destinations = [new(Canary, 1)], Source = "VirtualService/shop/cart@2" });
        var mended = Compile(first, Split with { Destinations = [new(Cart, 1)] });

        Assert.Equal("VirtualService/shop/cart@1 is in force: 90% to shop/cart, 10% to shop/canary", Line(plain, first));
        Assert.Equal(Line(plain, first), Line(null, first));
        Assert.Equal("VirtualService/shop/cart@2 is in force instead of VirtualService/shop/cart@1: 100% to shop/canary", Line(first, second));
        Assert.Equal("VirtualService/shop/cart@1 is in force: 100% to shop/cart", Line(first, mended));
        Assert.Equal("VirtualService/shop/cart@2 is no longer in force; requests go to the service itself", Line(second, plain));
        Assert.Empty(SnapshotDiff.Between(first, first).Changes);
    }

    private static string Line(ServiceSnapshot? before, ServiceSnapshot after)
    {
        var change = Assert.Single(SnapshotDiff.Between(before, after).Changes);
        Assert.Equal((SnapshotChangeKind.RoutingChanged, null), (change.Kind, change.EndpointId));
        return change.Description;
    }

    private static ServiceSnapshot Compile(ServiceSnapshot? previous, ServiceRouting? routing) =>
        SnapshotCompiler.Compile(Cart, [], TrafficPolicy.Default, previous, 1, Given.Start, null, routing);
}
