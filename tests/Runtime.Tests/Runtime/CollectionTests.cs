using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

/// <summary>Which grains are collected, told with a clock that stands still; Orleans' collector cannot be driven by one.</summary>
public class CollectionTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task An_idle_grain_is_collected_and_a_used_one_is_not()
    {
        await using var host = await GrainHost.StartAsync();
        var (idle, trail) = New(host);
        var (used, usedTrail) = New(host);
        await idle.Number();
        await Eventually.True(
            async () =>
            {
                await used.Number();
                host.Time.Advance(Minute);
                return trail.Events.Contains("deactivating: ActivationIdle");
            },
            "the idle grain is collected");
        Assert.Equal("activated", usedTrail.Text);
    }

    [Fact]
    public async Task Ticks_keep_a_grain_only_when_the_timer_says_so()
    {
        await using var host = await GrainHost.StartAsync();
        var (kept, keptTrail) = New(host);
        var (left, leftTrail) = New(host);
        await kept.StartTimer(Minute, Minute, interleave: false, keepAlive: true, "");
        await left.StartTimer(Minute, Minute, interleave: false, keepAlive: false, "");
        var ticks = 0;
        await Eventually.True(
            async () =>
            {
                host.Time.Advance(Minute);
                await keptTrail.Saw($"tick {++ticks} ends");
                await Eventually.True(async () => await kept.Ticks() == ticks, "the tick is over");
                return leftTrail.Events.Contains("deactivating: ActivationIdle");
            },
            "the other grain is collected");
        Assert.DoesNotContain("deactivating: ActivationIdle", keptTrail.Events);
    }

    [Fact]
    public async Task A_grain_may_put_off_its_collection()
    {
        await using var host = await GrainHost.StartAsync();
        var (patient, patientTrail) = New(host);
        var (other, otherTrail) = New(host);
        await patient.StayFor(TimeSpan.FromHours(10));
        await other.Number();
        await Eventually.True(
            () =>
            {
                host.Time.Advance(Minute);
                return otherTrail.Events.Contains("deactivating: ActivationIdle");
            },
            "the other grain is collected");
        Assert.Equal("activated", patientTrail.Text);
    }

    private static (ILife Grain, Trail Trail) New(GrainHost host, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var trail = Trail.New(test);
        return (host.Grains.GetGrain<ILife>(trail.Key), trail);
    }
}
