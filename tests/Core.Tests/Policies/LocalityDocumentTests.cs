using System.Collections.Immutable;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Policies;

public class LocalityDocumentTests
{
    [Fact]
    public void Without_a_list_the_nearest_comes_first()
    {
        Assert.Equal(new LocalityLbSetting(), Read("{}"));
        Assert.Equal(new LocalityLbSetting(), Read("""{"enabled": true}"""));
        Assert.Equal(new LocalityLbSetting(), Read("""{"enabled": null, "failover": []}"""));
    }

    [Fact]
    public void Turned_off_localities_make_no_difference()
    {
        Assert.Null(Read("""{"enabled": false}"""));
        Assert.Null(Read("""{"enabled": false, "failover": [{"from": "a", "to": "b"}]}"""));
    }

    [Fact]
    public void Shares_are_read() => Assert.Equal(
        new LocalityLbSetting
        {
            Distribute =
            [
                new("us-west/zone1/*", Shares(("us-west/zone1/*", 80), ("us-west/zone2/*", 20))),
                new("us-west/zone2/a", Shares(("us-west", 99), ("us-east/b/c", 1))),
                new("us-east/*", Shares(("*", 100))),
            ],
        },
        Read("""
            {"distribute": [
              {"from": "us-west/zone1/*", "to": {"us-west/zone1/*": 80, "us-west/zone2/*": 20}},
              {"from": "us-west/zone2/a", "to": {"us-west": 99, "us-east/b/c": "1"}},
              {"from": "us-east/*", "to": {"*": 100}}]}
            """));

    [Fact]
    public void Stand_ins_and_labels_are_read()
    {
        Assert.Equal(
            new LocalityLbSetting { Failover = [new("eu", "us"), new("us", "eu")] },
            Read("""{"failover": [{"from": "eu", "to": "us"}, {"from": "us", "to": "eu"}]}"""));
        Assert.Equal(
            new LocalityLbSetting { FailoverPriority = ["topology.istio.io/network", "topology.kubernetes.io/region", "version=v2"] },
            Read("""{"failoverPriority": ["topology.istio.io/network", "topology.kubernetes.io/region", "version=v2"]}"""));
    }

    [Theory]
    [InlineData("[]", "")]
    [InlineData("""{"enabled": "true"}""", ".enabled")]
    [InlineData("""{"nearest": true}""", ".nearest")]
    [InlineData("""{"distribute": {}}""", ".distribute")]
    [InlineData("""{"distribute": [], "failover": []}""", ".failover")]
    [InlineData("""{"failover": [], "failoverPriority": []}""", ".failoverPriority")]
    [InlineData("""{"distribute": [{"to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "a"}]}""", ".distribute[0].to")]
    [InlineData("""{"distribute": [{"from": 1, "to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "a", "to": []}]}""", ".distribute[0].to")]
    [InlineData("""{"distribute": [{"from": "a", "to": {}}]}""", ".distribute[0].to")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"b": 99}}]}""", ".distribute[0].to")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"b": 51, "c": 50}}]}""", ".distribute[0].to")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"b": 100, "c": 0}}]}""", ".distribute[0].to.c")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"b": 101}}]}""", ".distribute[0].to.b")]
    [InlineData("""{"distribute": [{"from": "a/", "to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "a/b/c/d", "to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "*/b", "to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "a*", "to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "a/**", "to": {"*": 100}}]}""", ".distribute[0].from")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"*": 100}}, {"from": "a/b", "to": {"*": 100}}]}""", ".distribute[1].from")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"*": 50, "b": 50}}]}""", ".distribute[0].to.b")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"b/c": 50, "b/*": 50}}]}""", ".distribute[0].to[\"b/*\"]")]
    [InlineData("""{"distribute": [{"from": "a", "to": {"*": 100}, "weight": 1}]}""", ".distribute[0].weight")]
    [InlineData("""{"failover": [{"to": "b"}]}""", ".failover[0].from")]
    [InlineData("""{"failover": [{"from": "a"}]}""", ".failover[0].to")]
    [InlineData("""{"failover": [{"from": "a", "to": "a"}]}""", ".failover[0].to")]
    [InlineData("""{"failover": [{"from": "a/b", "to": "c"}]}""", ".failover[0].from")]
    [InlineData("""{"failover": [{"from": "a", "to": "*"}]}""", ".failover[0].to")]
    [InlineData("""{"failover": [{"from": "a", "to": ""}]}""", ".failover[0].to")]
    [InlineData("""{"failover": [{"from": "a", "to": "b"}, {"from": "a", "to": "c"}]}""", ".failover[1].from")]
    [InlineData("""{"failoverPriority": "a"}""", ".failoverPriority")]
    [InlineData("""{"failoverPriority": [1]}""", ".failoverPriority[0]")]
    [InlineData("""{"failoverPriority": ["=a"]}""", ".failoverPriority[0]")]
    [InlineData("""{"failoverPriority": ["a", "a=b"]}""", ".failoverPriority[1]")]
    public void A_setting_that_cannot_be_is_refused(string setting, string path) => Assert.Equal(
        "spec.trafficPolicy.loadBalancer.localityLbSetting" + path,
        Documents.RefusedOnce($$$"""{"loadBalancer": {"localityLbSetting": {{{setting}}}}}""").Field);

    [Fact]
    public void Neighbours_do_not_overlap() =>
        Assert.Equal(2, Read("""{"distribute": [{"from": "a", "to": {"b/c/d": 50, "b/c/e": 50}}]}""")!.Distribute[0].To.Count);

    [Fact]
    public void All_that_is_wrong_with_shares_is_said_at_once() => Assert.Equal(
        ["to.b", "to[\"c/\"]", "to.d"],
        Documents.RefusedPolicy("""{"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "a", "to": {"b": 0, "c/": 50, "d": "x"}}]}}}""")
            .Select(p => p.Field[(p.Field.IndexOf("].", StringComparison.Ordinal) + 2)..]));

    [Fact]
    public void A_list_has_a_hundred_entries_at_most()
    {
        static string Labels(int count) => "{\"failoverPriority\": [" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"l{i}\"")) + "]}";

        Assert.Equal(100, Read(Labels(100))!.FailoverPriority.Length);
        var problem = Documents.RefusedOnce($$$"""{"loadBalancer": {"localityLbSetting": {{{Labels(101)}}}}}""");
        Assert.Equal("The list has 101 entries.", problem.Detail);
    }

    [Fact]
    public void Shares_beyond_what_can_be_right_are_not_even_read()
    {
        var shares = string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"l{i}\": 1"));
        var problem = Documents.RefusedOnce($$$$"""{"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "a", "to": {{{{{shares}}}}}}]}}}""");
        Assert.Equal("The shares are 101 together.", problem.Detail);
    }

    [Fact]
    public void Names_have_a_longest_length()
    {
        static string Region(int length) => "{\"failover\": [{\"from\": \"" + new string('a', length) + "\", \"to\": \"b\"}]}";
        static string Label(int length) => "{\"failoverPriority\": [\"" + new string('a', length) + "\"]}";
        static string Place(int length) => "{\"distribute\": [{\"from\": \"" + new string('a', length) + "\", \"to\": {\"*\": 100}}]}";

        foreach (var make in (Func<int, string>[])[Region, Label, Place])
        {
            Assert.NotNull(Read(make(253)));
            Documents.RefusedOnce($$$"""{"loadBalancer": {"localityLbSetting": {{{make(254)}}}}}""");
        }
    }

    [Fact]
    public void Settings_are_compared_by_content()
    {
        var one = Read("""{"distribute": [{"from": "a", "to": {"b": 100}}]}""")!;
        Assert.Equal(one, Read("""{"distribute": [{"from": "a", "to": {"b": 100}}]}"""));
        Assert.Equal(one.GetHashCode(), Read("""{"distribute": [{"from": "a", "to": {"b": 100}}]}""")!.GetHashCode());
        Assert.Equal(one.Distribute[0].GetHashCode(), Read("""{"distribute": [{"from": "a", "to": {"b": 100}}]}""")!.Distribute[0].GetHashCode());
        Assert.NotEqual(one, Read("""{"distribute": [{"from": "a", "to": {"c": 100}}]}"""));
        Assert.NotEqual(one, Read("""{"distribute": [{"from": "x", "to": {"b": 100}}]}"""));
        Assert.False(one.Equals(null));
        Assert.False(one.Distribute[0].Equals(null));
        Assert.NotEqual(Read("""{"failover": [{"from": "a", "to": "b"}]}"""), Read("""{"failover": [{"from": "a", "to": "c"}]}"""));
        Assert.NotEqual(Read("""{"failoverPriority": ["a"]}"""), Read("""{"failoverPriority": ["b"]}"""));
    }

    private static LocalityLbSetting? Read(string setting) =>
        Documents.Balancer($$"""{"localityLbSetting": {{setting}}}""").LocalityLbSetting;

    private static ImmutableSortedDictionary<string, int> Shares(params (string Locality, int Percent)[] shares) =>
        shares.ToImmutableSortedDictionary(s => s.Locality, s => s.Percent, StringComparer.Ordinal);
}
