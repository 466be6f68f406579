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
        var first = Refusals.None.After([Refused("a", "2", "1", "no")], [1, 0, 0, 0], Start);
        var second = first.After([Refused("b", "5", null, "no", ResourceType.Route), Refused("a", "3", "1", "still no")], [1, 0, 0, 1], Start.AddSeconds(9));

        Assert.Equal([new Refusal(ResourceType.Cluster, "a", "2", "1", "no", Start)], first.First);
        Assert.Equal(
            [
                new Refusal(ResourceType.Cluster, "a", "3", "1", "still no", Start),
                new Refusal(ResourceType.Route, "b", "5", null, "no", Start.AddSeconds(9)),
            ],
            second.First);
        Assert.Equal([1, 0, 0, 1], second.Counts);
        Assert.Equal(2, second.Total);
    }

    [Fact]
    public void What_is_accepted_or_no_longer_wanted_is_no_longer_refused()
    {
        var refused = Refusals.None.After([Refused("a", "2", "1", "no")], [1, 0, 0, 0], Start);
        Assert.Same(Refusals.None, refused.After([], [0, 0, 0, 0], Start.AddSeconds(2)));
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void A_client_that_refuses_everything_is_remembered_in_part_and_counted_whole(AdsVariant variant)
    {
        var stream = RefusingClient.Of(variant, held: 1_000, refused: 1_000);
        var refused = Refusals.None.After(stream.Refused(Refusals.Most), [0, stream.RefusedOf(ResourceType.Endpoints), 0, 0], Start);

        Assert.Equal((Refusals.Most, 1_000), (refused.First.Length, refused.Total));
        Assert.Equal(refused.First.Select(static r => r.Name).Order(StringComparer.Ordinal), refused.First.Select(static r => r.Name));
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void What_is_refused_is_found_without_a_look_at_what_is_held(AdsVariant variant)
    {
        var (few, many) = (RefusingClient.Of(variant, held: 10, refused: 3), RefusingClient.Of(variant, held: 5_000, refused: 3));
        Assert.Equal(["s0", "s1", "s2"], many.Refused().Select(static r => r.Name).Order());
        Note(few);
        Note(many);

        // A look at all would make something of each.
        Assert.InRange(Note(many), 1, Note(few) + 1_000);

        static long Note(AdsStream stream)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Refusals.None.After(stream.Refused(Refusals.Most), [0, stream.RefusedOf(ResourceType.Endpoints), 0, 0], Start);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static RefusedResource Refused(string name, string version, string? accepted, string words, ResourceType type = ResourceType.Cluster) =>
        new(type, name, version, words) { Accepted = accepted };
}
