using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Localities;

public class LocalityGroupsTests
{
    private static readonly LocalityLbSetting Nearest = new();

    private static readonly ImmutableSortedDictionary<string, string> NoLabels = ImmutableSortedDictionary<string, string>.Empty;

    [Fact]
    public void Without_a_setting_all_are_used_by_their_own_weights() => Assert.Equal(
        ["0 eu/a/1 x2 w200", "0 us x1 w100"], View(null, ClientPlace.At("eu", "a", "1"), "eu/a/1", "us", "eu/a/1"));

    [Fact]
    public void The_nearest_come_first_without_gaps()
    {
        string[] everywhere = ["eu/a/1", "eu/a/2", "eu/b/1", "us/a/1"];
        Assert.Equal(
            ["0 eu/a/1 x1 w100", "1 eu/a/2 x1 w100", "2 eu/b/1 x1 w100", "3 us/a/1 x1 w100"],
            View(Nearest, ClientPlace.At("eu", "a", "1"), everywhere));
        Assert.Equal(
            ["0 eu/b/1 x1 w100", "1 eu/a/1 x1 w100", "1 eu/a/2 x1 w100", "2 us/a/1 x1 w100"],
            View(Nearest, ClientPlace.At("eu", "b"), everywhere));
        Assert.Equal(
            ["0 eu/a/1 x1 w100", "0 eu/a/2 x1 w100", "0 eu/b/1 x1 w100", "0 us/a/1 x1 w100"],
            View(Nearest, ClientPlace.At("asia"), everywhere));
        Assert.Equal(["0 us/a/1 x1 w100", "1 eu/a/1 x1 w100", "1 eu/a/2 x1 w100", "1 eu/b/1 x1 w100"], View(Nearest, ClientPlace.At("us", "a", "1"), everywhere));
    }

    [Fact]
    public void A_client_that_does_not_say_where_it_runs_uses_all() => Assert.Equal(
        ["0  x1 w100", "0 eu/a x1 w100"], View(Nearest, ClientPlace.Unknown, "eu/a", ""));

    [Fact]
    public void A_named_region_takes_over_before_others()
    {
        var setting = new LocalityLbSetting { Failover = [new("eu", "us"), new("asia", "eu")] };
        string[] everywhere = ["asia", "eu/a", "us/a", "us/b"];
        Assert.Equal(
            ["0 eu/a x1 w100", "1 us/a x1 w100", "1 us/b x1 w100", "2 asia x1 w100"], View(setting, ClientPlace.At("eu", "a"), everywhere));
        Assert.Equal(
            ["0 asia x1 w100", "1 eu/a x1 w100", "2 us/a x1 w100", "2 us/b x1 w100"], View(setting, ClientPlace.At("asia"), everywhere));
        Assert.Equal(
            ["0 us/b x1 w100", "1 us/a x1 w100", "2 asia x1 w100", "2 eu/a x1 w100"], View(setting, ClientPlace.At("us", "b"), everywhere));
    }

    [Fact]
    public void Shares_hold_for_the_first_rule_that_fits_the_client()
    {
        var setting = new LocalityLbSetting
        {
            Distribute = [new("eu/a/*", To(("eu/a/*", 80), ("eu/b", 20))), new("eu/b/*", To(("*", 100)))],
        };
        string[] everywhere = ["eu/a/1", "eu/a/1", "eu/a/1", "eu/a/2", "eu/b/1", "us"];
        Assert.Equal(
            ["0 eu/a/1 x3 w600000", "0 eu/a/2 x1 w200000", "0 eu/b/1 x1 w200000"], View(setting, ClientPlace.At("eu", "a", "7"), everywhere));
        Assert.Equal(
            ["0 eu/a/1 x3 w500000", "0 eu/a/2 x1 w166666", "0 eu/b/1 x1 w166666", "0 us x1 w166666"], View(setting, ClientPlace.At("eu", "b"), everywhere));
        Assert.Equal(
            ["0 eu/a/1 x3 w300", "0 eu/a/2 x1 w100", "0 eu/b/1 x1 w100", "0 us x1 w100"], View(setting, ClientPlace.At("us"), everywhere));
        Assert.Empty(View(setting, ClientPlace.At("eu", "a"), "us"));
    }

    [Fact]
    public void No_share_vanishes_in_rounding()
    {
        var setting = new LocalityLbSetting { Distribute = [new("*", To(("*", 100)))] };
        var groups = LocalityGroups.Of(setting, ClientPlace.Unknown, [Placed("a", weight: 1), Placed("b", weight: uint.MaxValue)]);
        Assert.Equal([1u, 999_999u], groups.Select(g => g.Weight));
    }

    [Fact]
    public void A_zone_of_which_nobody_is_proven_comes_back_by_a_trickle_beside_the_next_one()
    {
        var client = ClientPlace.At("eu", "a");
        Assert.Equal(["0 eu/a 0", "0 eu/b 1", "1 us 2"], With(EndpointUse.Returning, EndpointUse.Full, EndpointUse.Full));
        Assert.Equal(["0 eu/b 1", "1 eu/a 0", "1 us 2"], With(EndpointUse.Returning, EndpointUse.None, EndpointUse.Full));
        Assert.Equal(["0 eu/a 0", "1 eu/b 1", "2 us 2"], With(EndpointUse.Returning, EndpointUse.None, EndpointUse.Returning));
        Assert.Equal(["0 eu/a 0", "1 eu/b 1", "2 us 2"], With(EndpointUse.Full, EndpointUse.Full, EndpointUse.Returning));
        Assert.Equal(["0 eu/a 0", "1 eu/b 1", "1 us 2"], With(EndpointUse.Full, EndpointUse.Returning, EndpointUse.Full));
        Assert.Equal(["0 eu/a 0", "1 eu/b 1", "2 us 2"], With(EndpointUse.None, EndpointUse.Full, EndpointUse.Full));

        // Beside one that takes its share, a low weight is enough.
        PlacedEndpoint[] two = [Placed("eu/a") with { Use = EndpointUse.Returning }, Placed("eu/a"), Placed("us")];
        Assert.Equal(["0 eu/a 0,1", "1 us 2"], Text(LocalityGroups.Of(Nearest, client, two)));

        string[] With(EndpointUse a, EndpointUse b, EndpointUse us) => Text(LocalityGroups.Of(
            Nearest, client, [Placed("eu/a") with { Use = a }, Placed("eu/b") with { Use = b }, Placed("us") with { Use = us }]));
    }

    [Theory]
    [InlineData(EndpointUse.Full, EndpointUse.Full, 80)]
    [InlineData(EndpointUse.Full, EndpointUse.Returning, 80)]
    [InlineData(EndpointUse.None, EndpointUse.Returning, 8)]
    [InlineData(EndpointUse.Returning, EndpointUse.Returning, 8)]
    [InlineData(EndpointUse.None, EndpointUse.None, 80)]
    public void A_locality_of_which_nobody_is_proven_gets_a_tenth_of_its_share(EndpointUse one, EndpointUse other, uint percent)
    {
        var setting = new LocalityLbSetting { Distribute = [new("*", To(("eu/a", 80), ("eu/b", 20)))] };
        Assert.Equal([percent * 10_000, 200_000u], LocalityGroups.Of(
            setting, ClientPlace.Unknown, [Placed("eu/a") with { Use = one }, Placed("eu/a") with { Use = other }, Placed("eu/b")]).Select(g => g.Weight));
    }

    [Fact]
    public void Labels_in_common_from_the_first_on_decide()
    {
        var setting = new LocalityLbSetting { FailoverPriority = [FailoverLabels.Region, FailoverLabels.Zone, "version"] };
        var client = new ClientPlace(new("eu", "a", ""), NoLabels.Add("version", "v1"));
        var endpoints = new[]
        {
            Labelled(setting, "eu/a", ("version", "v1")),
            Labelled(setting, "eu/a", ("version", "v2")),
            Labelled(setting, "eu/b", ("version", "v1")),
            Labelled(setting, "us/a", ("version", "v1")),
            Labelled(setting, "us/a", (FailoverLabels.Region, "eu"), (FailoverLabels.Zone, "a"), ("version", "v1")),
        };
        Assert.Equal(
            ["0 eu/a 0", "0 us/a 4", "1 eu/a 1", "2 eu/b 2", "3 us/a 3"],
            Text(LocalityGroups.Of(setting, client, endpoints)));
    }

    [Fact]
    public void A_label_may_name_the_value_itself()
    {
        var setting = new LocalityLbSetting { FailoverPriority = ["version=v=2", FailoverLabels.SubZone] };
        var endpoints = new[] { Labelled(setting, "eu/a/1", ("version", "v=2")), Labelled(setting, "eu/a/2", ("version", "v=2")), Labelled(setting, "eu/a/1") };
        Assert.Equal([0, 1, 2], LocalityGroups.Of(setting, ClientPlace.At("eu", "a", "1"), endpoints).Select(g => g.Priority));
        Assert.Equal([1, 0, 2], LocalityGroups.Of(setting, ClientPlace.At("eu", "a", "2"), endpoints).OrderBy(g => g.Members[0]).Select(g => g.Priority));
    }

    [Fact]
    public void What_neither_has_they_have_in_common()
    {
        var setting = new LocalityLbSetting { FailoverPriority = ["version"] };
        Assert.Equal(0, Assert.Single(LocalityGroups.Of(setting, ClientPlace.Unknown, [Labelled(setting, "eu")])).Priority);
    }

    [Theory]
    [InlineData("*", "eu/a/1", true)]
    [InlineData("*", "", true)]
    [InlineData("eu", "eu/a/1", true)]
    [InlineData("eu/*", "eu", true)]
    [InlineData("eu/*", "eu/a/1", true)]
    [InlineData("eu/a", "eu/a/1", true)]
    [InlineData("eu/a/*", "eu/a/1", true)]
    [InlineData("eu/a/1", "eu/a/1", true)]
    [InlineData("eu", "eu2", false)]
    [InlineData("eu/a", "eu/b", false)]
    [InlineData("eu/a/1", "eu/a/2", false)]
    [InlineData("eu/a/1", "eu/a", false)]
    [InlineData("eu/a/*", "eu", false)]
    public void Patterns_match_from_the_left(string pattern, string place, bool matches) =>
        Assert.Equal(matches, LocalityPattern.Matches(pattern, Placed(place).Locality));

    [Fact]
    public void A_budget_group_is_what_can_be_somebodys_first_choice()
    {
        var place = new Locality("eu", "a", "");
        var labels = NoLabels.Add("version", "v1");
        Assert.Equal("", LocalityGroups.BudgetGroup(null, place, labels));
        Assert.Equal("eu/a", LocalityGroups.BudgetGroup(Nearest, place, labels));
        Assert.Equal("", LocalityGroups.BudgetGroup(Nearest, Locality.Unknown, labels));
        Assert.Equal("", LocalityGroups.BudgetGroup(new() { Distribute = [new("*", To(("*", 100)))] }, place, labels));
        Assert.Equal(
            "topology.kubernetes.io/region=eu, version=v1",
            LocalityGroups.BudgetGroup(new() { FailoverPriority = [FailoverLabels.Region, "version=v2"] }, place, labels));
        Assert.Empty(FailoverLabels.Had(null, place, labels));
    }

    [Fact]
    public void Places_are_compared_by_content()
    {
        var one = new ClientPlace(new("eu", "a", ""), NoLabels.Add("x", "1"));
        Assert.Equal(one, new ClientPlace(new("eu", "a", ""), NoLabels.Add("x", "1")));
        Assert.Equal(one.GetHashCode(), new ClientPlace(new("eu", "a", ""), NoLabels.Add("x", "1")).GetHashCode());
        Assert.NotEqual(one, one with { Labels = NoLabels });
        Assert.NotEqual(one, one with { Locality = Locality.Unknown });
        Assert.False(one.Equals(null));
    }

    [Fact]
    public void Groups_are_compared_by_content()
    {
        var one = new LocalityGroup(0, Locality.Unknown, 1, [0]);
        Assert.Equal(one, new LocalityGroup(0, Locality.Unknown, 1, [0]));
        Assert.Equal(one.GetHashCode(), new LocalityGroup(0, Locality.Unknown, 1, [0]).GetHashCode());
        Assert.NotEqual(one, one with { Priority = 1 });
        Assert.NotEqual(one, one with { Locality = new("a", "", "") });
        Assert.NotEqual(one, one with { Weight = 2 });
        Assert.NotEqual(one, one with { Members = [1] });
        Assert.False(one.Equals(null));
    }

    private static readonly Gen<Locality> AnyPlace =
        from region in Gen.Elements("", "eu", "us", "asia")
        from zone in Gen.Elements("", "a", "b")
        from subZone in Gen.Elements("", "1", "2")
        select new Locality(region, zone, subZone);

    private static readonly Gen<LocalityLbSetting?> AnySetting = Gen.Elements(
        null,
        Nearest,
        new LocalityLbSetting { Failover = [new("eu", "us")] },
        new LocalityLbSetting { FailoverPriority = [FailoverLabels.Region, FailoverLabels.Zone] },
        new LocalityLbSetting { Distribute = [new("eu/*", To(("eu/a", 70), ("us/*", 30))), new("us", To(("*", 100)))] });

    [Fact]
    public void Every_endpoint_is_in_one_group_at_most_and_priorities_have_no_gaps() => Properties.Hold(
        AnySetting.Zip(AnyPlace).Zip(AnyPlace.Zip(Gen.Choose(1, 300)).Zip(Gen.Elements(Enum.GetValues<EndpointUse>())).ListOf()),
        given =>
        {
            var ((setting, client), places) = given;
            var endpoints = places
                .Select(p => new PlacedEndpoint(p.Item1.Item1, (uint)p.Item1.Item2, FailoverLabels.Had(setting, p.Item1.Item1, NoLabels), p.Item2))
                .ToList();
            var groups = LocalityGroups.Of(setting, new(client, NoLabels), endpoints);
            var members = groups.SelectMany(g => g.Members).ToList();
            Assert.Equal(members.Distinct().Count(), members.Count);
            Assert.True(members.Count == endpoints.Count || setting!.Distribute.Length > 0);
            Assert.Equal(groups.Select(g => (g.Priority, g.Locality)).Distinct().Count(), groups.Length);
            Assert.Equal(Enumerable.Range(0, groups.IsEmpty ? 0 : groups.Max(g => g.Priority) + 1), groups.Select(g => g.Priority).Distinct());
            Assert.All(groups, g => Assert.True(g.Weight > 0 && g.Members.All(m => endpoints[m].Locality == g.Locality)));
        });

    private static string[] View(LocalityLbSetting? setting, ClientPlace client, params string[] places) =>
    [
        .. LocalityGroups.Of(setting, client, [.. places.Select(p => Placed(p))])
            .Select(g => $"{g.Priority} {LocalityPattern.Text(g.Locality)} x{g.Members.Length} w{g.Weight}"),
    ];

    private static string[] Text(ImmutableArray<LocalityGroup> groups) =>
        [.. groups.Select(g => $"{g.Priority} {LocalityPattern.Text(g.Locality)} {string.Join(',', g.Members)}")];

    private static PlacedEndpoint Placed(string place, uint weight = 100)
    {
        var parts = place.Split('/');
        return new(new(parts[0], parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? ""), weight, []);
    }

    private static PlacedEndpoint Labelled(LocalityLbSetting setting, string place, params (string Name, string Value)[] labels)
    {
        var placed = Placed(place);
        return placed with { Traits = FailoverLabels.Had(setting, placed.Locality, labels.ToDictionary(l => l.Name, l => l.Value)) };
    }

    private static ImmutableSortedDictionary<string, int> To(params (string Pattern, int Percent)[] shares) =>
        shares.ToImmutableSortedDictionary(s => s.Pattern, s => s.Percent, StringComparer.Ordinal);
}
