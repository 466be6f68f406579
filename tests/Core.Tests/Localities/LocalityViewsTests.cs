using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Localities;

public class LocalityViewsTests
{
    private static readonly ImmutableSortedDictionary<string, string> NoLabels = ImmutableSortedDictionary<string, string>.Empty;

    private static readonly Gen<Locality> AnyPlace =
        from region in Gen.Elements("", "eu", "us", "asia")
        from zone in Gen.Elements("", "a", "b")
        from subZone in Gen.Elements("", "1", "2")
        select new Locality(region, zone, subZone);

    private static readonly Gen<ImmutableSortedDictionary<string, string>> AnyLabels =
        from version in Gen.Elements("", "v1", "v2")
        from track in Gen.Elements("", "canary")
        select NoLabels.AddRange(
            new Dictionary<string, string> { ["version"] = version, ["track"] = track }.Where(label => label.Value.Length > 0));

    private static readonly Gen<LocalityLbSetting> AnySetting = Gen.Elements(
        new LocalityLbSetting(),
        new LocalityLbSetting { Failover = [new("eu", "us"), new("asia", "eu")] },
        new LocalityLbSetting { FailoverPriority = [FailoverLabels.Region, FailoverLabels.Zone] },
        new LocalityLbSetting { FailoverPriority = ["version", "track"] },
        new LocalityLbSetting { FailoverPriority = ["version=v2", FailoverLabels.Zone, "track"] },
        new LocalityLbSetting { FailoverPriority = ["version=v2"] },
        new LocalityLbSetting { Distribute = [new("*", To(("*", 100)))] },
        new LocalityLbSetting { Distribute = [new("eu/a/*", To(("eu/a", 70), ("us/*", 30))), new("eu/b/1", To(("*", 100))), new("us", To(("us/b", 100)))] });

    [Fact]
    public void Who_shares_a_view_sees_the_same() => Properties.Hold(
        AnySetting.Zip(AnyPlace.Zip(AnyLabels)).Zip(AnyPlace.Zip(AnyLabels).Zip(Gen.Elements(Enum.GetValues<EndpointUse>())).ListOf()),
        given =>
        {
            var ((setting, client), endpoints) = given;
            var placed = endpoints
                .Select(e => new PlacedEndpoint(e.Item1.Item1, 100, FailoverLabels.Had(setting, e.Item1.Item1, e.Item1.Item2), e.Item2))
                .ToList();
            var place = new ClientPlace(client.Item1, client.Item2);
            var views = new LocalityViews(setting, placed);
            Assert.Equal(LocalityGroups.Of(setting, place, placed), views.GroupsOf(views.ViewOf(place)));
            Assert.Equal(views.ViewOf(place), views.ViewOf(views.ViewOf(place)));
        },
        cases: 3000);

    [Fact]
    public void Clients_make_no_views_by_what_they_say()
    {
        var views = new LocalityViews(new(), [new(new("eu", "a", ""), 1, []), new(new("us", "", ""), 1, [])]);
        Assert.Equal(ClientPlace.Unknown, views.ViewOf(ClientPlace.At("mars", "x")));
        Assert.Equal(ClientPlace.Unknown, views.ViewOf(ClientPlace.Unknown));
        Assert.Equal(views.ViewOf(ClientPlace.At("eu", "x", "1")), views.ViewOf(ClientPlace.At("eu", "y", "2")));
        Assert.Equal(views.ViewOf(ClientPlace.At("eu", "a", "1")), views.ViewOf(ClientPlace.At("eu", "a", "2")));
        Assert.NotEqual(views.ViewOf(ClientPlace.At("eu", "a")), views.ViewOf(ClientPlace.At("eu", "b")));
        Assert.Equal(views.ViewOf(ClientPlace.At("eu", "a")), views.ViewOf(ClientPlace.At("eu", "a", "1")));
        Assert.Equal(views.ViewOf(ClientPlace.At("eu")), views.ViewOf(ClientPlace.At("eu") with { Labels = NoLabels.Add("a", "b") }));
    }

    [Fact]
    public void What_all_endpoints_of_a_zone_have_in_common_makes_no_view()
    {
        var one = new LocalityViews(new(), [new(new("eu", "a", "1"), 1, []), new(new("eu", "a", "1"), 1, []), new(new("eu", "b", "1"), 1, [])]);
        Assert.Equal(one.ViewOf(ClientPlace.At("eu", "a", "1")), one.ViewOf(ClientPlace.At("eu", "a", "2")));
        var two = new LocalityViews(new(), [new(new("eu", "a", "1"), 1, []), new(new("eu", "a", "2"), 1, [])]);
        Assert.NotEqual(two.ViewOf(ClientPlace.At("eu", "a", "1")), two.ViewOf(ClientPlace.At("eu", "a", "2")));
    }

    [Fact]
    public void A_region_without_endpoints_has_a_view_if_another_stands_in_for_it()
    {
        var views = new LocalityViews(new() { Failover = [new("asia", "eu")] }, [new(new("eu", "a", ""), 1, []), new(new("us", "", ""), 1, [])]);
        Assert.NotEqual(ClientPlace.Unknown, views.ViewOf(ClientPlace.At("asia", "x")));
        Assert.Equal(views.ViewOf(ClientPlace.At("asia", "x")), views.ViewOf(ClientPlace.At("asia", "y", "z")));
        Assert.Equal(ClientPlace.Unknown, views.ViewOf(ClientPlace.At("mars")));
    }

    [Fact]
    public void Labels_that_no_endpoint_shares_make_one_view()
    {
        var setting = new LocalityLbSetting { FailoverPriority = ["version"] };
        var views = new LocalityViews(setting, [new(Locality.Unknown, 1, ["v1"]), new(Locality.Unknown, 1, ["v2"])]);
        Assert.Equal(With("x"), With("y"));
        Assert.NotEqual(With("x"), With("v1"));
        Assert.NotEqual(With("v2"), With("v1"));

        ClientPlace With(string version) => views.ViewOf(ClientPlace.Unknown with { Labels = NoLabels.Add("version", version) });
    }

    private static ImmutableSortedDictionary<string, int> To(params (string Pattern, int Percent)[] shares) =>
        shares.ToImmutableSortedDictionary(s => s.Pattern, s => s.Percent, StringComparer.Ordinal);
}
