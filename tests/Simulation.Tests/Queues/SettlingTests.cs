using System.Collections.Immutable;
using Mesh.Simulation.Queues;

namespace Mesh.Simulation.Tests.Queues;

public class SettlingTests
{
    [Fact]
    public void It_has_settled_when_it_stays_near_where_it_ends()
    {
        var settling = Of(100, 100, 60, 30, 20, 20, 22, 18, 20, 20, 20, 20);

        Assert.Equal(2, settling.Seconds);
        Assert.Equal(0, settling.Swings);
        Assert.Equal(20, settling.Final[0]);
    }

    [Fact]
    public void What_does_not_move_has_settled_at_once() => Assert.Equal(0, Of(100, 100, 100, 100, 100, 100).Seconds);

    [Fact]
    public void Turning_round_by_more_than_the_band_is_a_swing()
    {
        Assert.Equal(1, Of(100, 100, 60, 20, 60, 60, 60, 60, 60, 60).Swings);
        Assert.Equal(3, Of(100, 100, 60, 20, 60, 20, 60, 60, 60, 60).Swings);
        Assert.Equal(0, Of(100, 100, 60, 50, 60, 50, 60, 50, 60, 50).Swings);
    }

    /// <summary>A change at second 1, and one factor at each second from then on.</summary>
    private static Settling Of(params int[] factors) =>
        Settling.Of([.. factors.Select((factor, second) => ((double)second + 1, ImmutableArray.Create((double)factor)))], 1, factors.Length, [0]);
}
