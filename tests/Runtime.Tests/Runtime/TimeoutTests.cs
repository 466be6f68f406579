using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Orleans.Configuration;
using Orleans.Hosting;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class TimeoutTests
{
    [Fact]
    public async Task A_cycle_of_calls_ends_in_a_timeout_instead_of_for_ever()
    {
        await using var host = await Start();
        var (one, two) = (Trail.New(), Trail.New());
        await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Done(host.Grains.GetGrain<IWork>(one.Key).CallThrough(two.Key)));
        Assert.Equal("hello from " + one.Key, await host.Grains.GetGrain<IWork>(one.Key).Echo("hello"));
    }

    [Fact]
    public async Task A_call_that_timed_out_while_it_waited_never_begins()
    {
        await using var host = await Start();
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IWork>(trail.Key);
        var slow = grain.Slow("slow");
        await trail.Saw("slow begins");
        var waiting = grain.Slow("waiting");
        await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Done(slow));
        await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Done(waiting));
        trail.Open();
        Assert.Equal("hello from " + trail.Key, await grain.Echo("hello"));
        Assert.Equal("slow begins, slow ends", trail.Text);
    }

    [Fact]
    public async Task The_default_timeout_is_thirty_seconds()
    {
        await using var host = await GrainHost.StartAsync(manualTimeouts: true);
        var trail = Trail.New();
        var call = host.Grains.GetGrain<IWork>(trail.Key).Slow("slow");
        await trail.Saw("slow begins");
        host.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(call.IsCompleted);
        await Eventually.True(
            () =>
            {
                host.Time.Advance(TimeSpan.FromSeconds(1));
                return call.IsCompleted;
            },
            "the call times out");
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        trail.Open();
    }

    private static Task<GrainHost> Start() => GrainHost.StartAsync(
        configure: silo => silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(1)));
}
