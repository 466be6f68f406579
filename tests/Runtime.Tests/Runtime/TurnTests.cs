using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Orleans;
using Orleans.Runtime;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class TurnTests(OneHost host) : IClassFixture<OneHost>
{
    [Fact]
    public async Task A_call_reaches_the_grain_of_that_key_and_answers()
    {
        Assert.Equal("hello from a", await host.Grains.GetGrain<IWork>("a").Echo("hello"));
        Assert.Equal("hello from b/c", await host.Grains.GetGrain<IWork>("b/c").Echo("hello"));
    }

    [Fact]
    public async Task A_method_may_return_a_ValueTask_or_a_null()
    {
        Assert.Equal(5, await host.Grains.GetGrain<IWork>("a").Add(2, 3));
        Assert.Null(await host.Grains.GetGrain<IWork>("a").Nothing());
    }

    [Fact]
    public async Task Calls_to_one_grain_run_one_at_a_time_across_awaits()
    {
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IWork>(trail.Key);
        await Eventually.Done(Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Task.Run(grain.Increment))));
        Assert.Equal(500, await grain.Count());
        Assert.Equal(1, trail.MostInside);
    }

    [Fact]
    public async Task Calls_that_wait_run_in_the_order_in_which_they_came()
    {
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IWork>(trail.Key);
        var calls = new List<Task>();
        for (var i = 0; i < 5; i++)
        {
            calls.Add(grain.Slow($"{i}"));
            await trail.Saw("0 begins");
        }

        await grain.Interleaved("all are in");
        trail.Open();
        await Eventually.Done(Task.WhenAll(calls));
        Assert.Equal(
            ["0 begins", "all are in", "0 ends", "1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends", "4 begins", "4 ends"],
            trail.Events);
    }

    [Fact]
    public async Task Calls_to_two_grains_run_at_the_same_time()
    {
        var (one, two) = (Trail.New(), Trail.New());
        var calls = Task.WhenAll(host.Grains.GetGrain<IWork>(one.Key).Slow("one"), host.Grains.GetGrain<IWork>(two.Key).Slow("two"));
        await one.Saw("one begins");
        await two.Saw("two begins");
        one.Open();
        two.Open();
        await Eventually.Done(calls);
    }

    [Fact]
    public async Task An_always_interleaving_call_runs_between_the_awaits_of_another()
    {
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IWork>(trail.Key);
        var slow = grain.Slow("slow");
        await trail.Saw("slow begins");
        await Eventually.Done(grain.Interleaved("between"));
        trail.Open();
        await Eventually.Done(slow);
        Assert.Equal("slow begins, between, slow ends", trail.Text);
    }

    [Fact]
    public async Task All_calls_of_a_reentrant_grain_interleave()
    {
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IReentrantWork>(trail.Key);
        var calls = Task.WhenAll(grain.Slow("one"), grain.Slow("two"));
        await trail.Saw("one begins");
        await trail.Saw("two begins");
        trail.Open();
        await Eventually.Done(calls);
    }

    [Fact]
    public async Task An_await_in_a_grain_comes_back_to_its_own_scheduler() =>
        Assert.Equal("True, True, True", await host.Grains.GetGrain<IWork>("awaits").WhereAwaitsResume());

    [Fact]
    public void References_to_one_grain_are_equal_whichever_way_they_were_made()
    {
        var one = host.Grains.GetGrain<IWork>("same");
        Assert.Equal(one, host.Grains.GetGrain<IWork>("same"));
        Assert.Equal(one.GetHashCode(), host.Grains.GetGrain<IWork>(one.GetGrainId()).GetHashCode());
        Assert.Equal(one, one.AsReference<IWork>());
        Assert.NotEqual(one, host.Grains.GetGrain<IWork>("other"));
        Assert.Equal("same", one.GetPrimaryKeyString());
    }

    [Fact]
    public void A_grain_s_type_is_its_class_s_name_without_the_suffix()
    {
        Assert.Equal("work/x", host.Grains.GetGrain<IWork>("x").GetGrainId().ToString());
        Assert.Equal("reentrantwork/x", host.Grains.GetGrain<IReentrantWork>("x").GetGrainId().ToString());
    }

    [Fact]
    public void An_interface_without_a_class_is_refused_at_once() =>
        Assert.Throws<ArgumentException>(() => host.Grains.GetGrain<INobodyImplementsThis>("x"));
}

public interface INobodyImplementsThis : IGrainWithStringKey
{
    Task Do();
}
