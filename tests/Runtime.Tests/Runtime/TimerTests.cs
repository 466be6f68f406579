using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_timer_ticks_when_due_and_then_each_period()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(3 * Second, 2 * Second, interleave: false, keepAlive: false, "");
        host.Time.Advance(2 * Second);
        await grain.Number();
        Assert.Equal(0, await grain.Ticks());
        host.Time.Advance(Second);
        await trail.Saw("tick 1 ends");
        await grain.Number();
        host.Time.Advance(2 * Second);
        await trail.Saw("tick 2 ends");
        await grain.Number();
        host.Time.Advance(Second);
        await grain.Number();
        Assert.Equal(2, await grain.Ticks());
    }

    [Fact]
    public async Task A_tick_waits_for_the_call_that_runs()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: false, keepAlive: false, "");
        var held = grain.Hold();
        await trail.Saw("held");
        host.Time.Advance(Second);
        Assert.Equal(0, await grain.Ticks());
        trail.Open();
        await held;
        await trail.Saw("tick 1 ends");
    }

    [Fact]
    public async Task An_interleaving_tick_runs_between_the_awaits_of_a_call()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: true, keepAlive: false, "");
        var held = grain.Hold();
        await trail.Saw("held");
        host.Time.Advance(Second);
        await trail.Saw("tick 1 ends");
        trail.Open();
        await held;
    }

    [Fact]
    public async Task Ticks_neither_overlap_nor_pile_up()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: true, keepAlive: false, "wait");
        host.Time.Advance(Second);
        await trail.Saw("tick 1");
        host.Time.Advance(10 * Second);
        Assert.Equal(1, await grain.Ticks());
        trail.Open();
        await trail.Saw("tick 1 ends");
        await grain.Number();
        Assert.Equal(1, await grain.Ticks());
        host.Time.Advance(Second);
        await trail.Saw("tick 2 ends");
    }

    [Fact]
    public async Task A_tick_that_fails_does_not_stop_the_timer()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: false, keepAlive: false, "fail");
        host.Time.Advance(Second);
        await trail.Saw("tick 1");
        await grain.Number();
        host.Time.Advance(Second);
        await trail.Saw("tick 2");
    }

    [Fact]
    public async Task A_tick_may_change_its_own_timer()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: false, keepAlive: false, "change");
        host.Time.Advance(Second);
        await trail.Saw("tick 1 ends");
        await grain.Number();
        host.Time.Advance(4 * Second);
        await grain.Number();
        Assert.Equal(1, await grain.Ticks());
        host.Time.Advance(Second);
        await trail.Saw("tick 2 ends");
    }

    [Fact]
    public async Task A_timer_can_be_changed_and_paused_from_a_call()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: false, keepAlive: false, "");
        await grain.ChangeTimer(Timeout.InfiniteTimeSpan, Second);
        host.Time.Advance(10 * Second);
        await grain.Number();
        Assert.Equal(0, await grain.Ticks());
        await grain.ChangeTimer(2 * Second, Timeout.InfiniteTimeSpan);
        host.Time.Advance(2 * Second);
        await trail.Saw("tick 1 ends");
        await grain.Number();
        host.Time.Advance(10 * Second);
        await grain.Number();
        Assert.Equal(1, await grain.Ticks());
    }

    [Fact]
    public async Task A_disposed_timer_ticks_no_more_and_cancels_the_tick_that_runs()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: true, keepAlive: false, "wait for the token");
        host.Time.Advance(Second);
        await trail.Saw("tick 1");
        await grain.StopTimer();
        await trail.Saw("tick cancelled");
        host.Time.Advance(10 * Second);
        await grain.Number();
        Assert.Equal(1, await grain.Ticks());
    }

    [Fact]
    public async Task Timers_die_with_their_activation()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.StartTimer(Second, Second, interleave: false, keepAlive: false, "");
        await grain.Leave();
        await Eventually.True(async () => await grain.Number() == 2, "a second activation answers");
        host.Time.Advance(10 * Second);
        await grain.Number();
        Assert.DoesNotContain("tick 1", trail.Events);
    }

    private static (ILife Grain, Trail Trail) New(GrainHost host, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var trail = Trail.New(test);
        return (host.Grains.GetGrain<ILife>(trail.Key), trail);
    }
}
