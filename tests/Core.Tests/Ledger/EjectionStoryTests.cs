using Mesh.Core.Ledger;
using Xunit;

namespace Mesh.Core.Tests.Ledger;

public class EjectionStoryTests
{
    [Fact]
    public void An_ejection_that_lasts_has_no_end() =>
        Assert.Equal([(1, 0, 0)], Stories(LedgerKind.Ejected));

    [Fact]
    public void An_ejection_ends_with_a_return_and_its_proof() =>
        Assert.Equal([(1, 2, 3)], Stories(LedgerKind.Ejected, LedgerKind.Returned, LedgerKind.Proven));

    [Fact]
    public void A_proof_may_be_under_way_or_fail()
    {
        Assert.Equal([(1, 2, 0)], Stories(LedgerKind.Ejected, LedgerKind.Returned));
        Assert.Equal([(3, 4, 0), (1, 2, 3)], Stories(LedgerKind.Ejected, LedgerKind.Returned, LedgerKind.Ejected, LedgerKind.Returned));
    }

    [Fact]
    public void Whoever_is_restored_drained_or_ejected_once_more_has_no_proof_to_give()
    {
        Assert.Equal([(1, 2, 0)], Stories(LedgerKind.Ejected, LedgerKind.Restored, LedgerKind.Drained));
        Assert.Equal([(1, 2, 0)], Stories(LedgerKind.Ejected, LedgerKind.Drained, LedgerKind.Restored));
        Assert.Equal([(2, 3, 4), (1, 2, 0)], Stories(LedgerKind.Ejected, LedgerKind.Ejected, LedgerKind.Returned, LedgerKind.Proven));
    }

    [Fact]
    public void Weights_and_refusals_do_not_end_an_ejection() =>
        Assert.Equal([(2, 4, 6)], Stories(
            LedgerKind.Refused, LedgerKind.Ejected, LedgerKind.Weight, LedgerKind.Returned, LedgerKind.NotEnforced, LedgerKind.Proven, LedgerKind.Drained));

    [Fact]
    public void The_order_in_which_entries_are_given_does_not_matter() =>
        Assert.Equal(
            Stories(LedgerKind.Ejected, LedgerKind.Returned, LedgerKind.Proven),
            EjectionStory.Of(Entries(LedgerKind.Ejected, LedgerKind.Returned, LedgerKind.Proven).Reverse()).Select(Numbers).ToArray());

    private static (long, long, long)[] Stories(params LedgerKind[] kinds) => [.. EjectionStory.Of(Entries(kinds)).Select(Numbers)];

    private static (long, long, long) Numbers(EjectionStory story) => (story.Ejected.Number, story.Ended?.Number ?? 0, story.Settled?.Number ?? 0);

    private static IEnumerable<LedgerEntry> Entries(params LedgerKind[] kinds) => kinds.Select((kind, i) =>
        new LedgerEntry { Number = i + 1, At = Given.At(i), EndpointId = "a", Kind = kind, Reason = "a test" });
}
