using System.Diagnostics;
using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Orleans.Runtime;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class CallTests(OneHost host) : IClassFixture<OneHost>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_caller_sees_the_callee_s_exception_with_type_and_message(bool synchronously)
    {
        var grain = host.Grains.GetGrain<IWork>("throws");
        Assert.Equal("no such thing", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Throw("no such thing", synchronously))).Message);
        Assert.Equal("kind", (await Assert.ThrowsAsync<ArgumentException>(() => grain.Throw("argument", synchronously))).ParamName);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.Throw("cancelled", synchronously));
        Assert.Equal("still here from throws", await grain.Echo("still here"));
    }

    [Fact]
    public async Task A_one_way_call_is_done_for_the_caller_before_the_callee_is()
    {
        var trail = Trail.New();
        await Eventually.Done(host.Grains.GetGrain<IWork>(trail.Key).Tell("hint"));
        await trail.Saw("hint begins");
        Assert.Equal("hint begins", trail.Text);
        trail.Open();
        await trail.Saw("hint ends");
    }

    [Fact]
    public async Task Nobody_hears_of_a_one_way_call_that_fails()
    {
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IWork>(trail.Key);
        await Eventually.Done(grain.TellAndFail());
        await trail.Saw("told");
        Assert.Equal(0, await grain.Count());
    }

    [Fact]
    public async Task Cancelling_reaches_the_callee_and_ends_the_wait_of_the_caller()
    {
        var trail = Trail.New();
        using var cancel = new CancellationTokenSource();
        var call = host.Grains.GetGrain<IWork>(trail.Key).WaitFor("call", cancel.Token);
        await trail.Saw("call begins");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Eventually.Done(call));
        await trail.Saw("call cancelled");
    }

    [Fact]
    public async Task What_a_callee_registers_on_its_token_runs_as_a_part_of_the_grain()
    {
        var trail = Trail.New();
        using var cancel = new CancellationTokenSource();
        var call = host.Grains.GetGrain<IWork>(trail.Key).CancelledInsideTheGrain(cancel.Token);
        await trail.Saw("waits");
        await cancel.CancelAsync();
        await trail.Saw("cancelled inside: True");
        await Task.WhenAny(call);
    }

    [Fact]
    public async Task A_call_cancelled_while_it_waits_never_begins()
    {
        var trail = Trail.New();
        var grain = host.Grains.GetGrain<IWork>(trail.Key);
        using var cancel = new CancellationTokenSource();
        var slow = grain.Slow("slow");
        await trail.Saw("slow begins");
        var waiting = grain.WaitFor("second", cancel.Token);
        await grain.Interleaved("second is in");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Eventually.Done(waiting));

        // To the grain, a cancellation is a message like others: where order is kept, it has come when a later one was answered. Where
        // it is not, the call may have begun before it, for nobody.
        await grain.Interleaved("the cancellation is in");
        trail.Open();
        await Eventually.Done(slow);
        Assert.Equal("last from " + trail.Key, await grain.Echo("last"));
        if (GrainHost.KeepsOrder)
        {
            Assert.DoesNotContain("second begins", trail.Events);
        }
    }

    [Fact]
    public async Task A_call_with_a_token_cancelled_before_is_not_made()
    {
        var trail = Trail.New();
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Grains.GetGrain<IWork>(trail.Key).WaitFor("call", cancel.Token));
        Assert.Empty(trail.Events);
    }

    [Fact]
    public async Task A_token_that_is_never_cancelled_changes_nothing()
    {
        var trail = Trail.New();
        using var cancel = new CancellationTokenSource();
        trail.Open();
        Assert.Equal("finished", await host.Grains.GetGrain<IWork>(trail.Key).WaitFor("call", cancel.Token));
        Assert.Equal("finished", await host.Grains.GetGrain<IWork>(trail.Key).WaitFor("call", CancellationToken.None));
    }

    [Fact]
    public async Task A_trace_goes_on_inside_the_grain()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        Assert.Equal(activity.TraceId.ToString(), await host.Grains.GetGrain<IWork>("trace").TraceId());
    }
}
