using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Streams;

public sealed class RefusalsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_refusal_is_known_with_its_words_since_it_was_first_refused()
    {
        var first = Refusals.None.After([Sent("a", "2", "1", "no"), Sent("b", "1", "1", null)], Start);
        var second = first.After([Sent("a", "3", "1", "still no"), Sent("b", "1", "1", null)], Start.AddSeconds(9));

        Assert.Equal([new Refusal(ResourceType.Cluster, "a", "2", "1", "no", Start)], first.First);
        Assert.Equal([new Refusal(ResourceType.Cluster, "a", "3", "1", "still no", Start)], second.First);
        Assert.Equal([1, 0, 0, 0], second.Counts);
        Assert.Equal(1, second.Total);
    }

    [Fact]
    public void What_is_accepted_is_no_longer_refused()
    {
        var refused = Refusals.None.After([Sent("a", "2", "1", "no")], Start);
        Assert.Same(Refusals.None, refused.After([Sent("a", "3", "3", null)], Start.AddSeconds(2)));
    }

    [Fact]
    public void What_is_no_longer_wanted_is_no_longer_refused()
    {
        var refused = Refusals.None.After([Sent("a", "2", null, "no"), Sent("b", "2", null, "no", ResourceType.Route)], Start);
        Assert.Equal([1, 0, 0, 1], refused.Counts);
        Assert.Equal([0, 0, 0, 1], refused.After([Sent("b", "2", null, "no", ResourceType.Route)], Start).Counts);
        Assert.Same(Refusals.None, refused.After([], Start));
    }

    [Fact]
    public void A_client_that_refuses_everything_is_remembered_in_part_and_counted_whole()
    {
        var many = Enumerable.Range(0, 1_000).Select(static i => Sent($"s{i:0000}", "1", null, "no")).Reverse();
        var refused = Refusals.None.After(many, Start);
        Assert.Equal((Refusals.Most, 1_000), (refused.First.Length, refused.Total));
        Assert.Equal("s0000", refused.First[0].Name);
    }

    private static SentResource Sent(string name, string version, string? accepted, string? refused, ResourceType type = ResourceType.Cluster) =>
        new(type, name, version, accepted, refused);
}
