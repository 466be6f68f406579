using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class LifeTests
{
    [Fact]
    public async Task A_grain_is_activated_once_by_its_first_call()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        Assert.Empty(trail.Events);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(grain.Number))), number => Assert.Equal(1, number));
        Assert.Equal("activated", trail.Text);
    }

    [Fact]
    public async Task A_grain_that_asks_to_go_goes_after_its_call_and_comes_back_at_the_next()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.Leave();
        await trail.Saw("deactivating: ApplicationRequested");
        Assert.Equal(2, await grain.Number());
        Assert.Equal("activated, deactivating: ApplicationRequested, activated", trail.Text);
    }

    [Fact]
    public async Task Calls_that_come_while_a_grain_goes_are_answered_by_the_next_activation()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        await grain.Leave();
        await trail.Saw("deactivating: ApplicationRequested");
        var calls = Task.WhenAll(Enumerable.Range(0, 10).Select(_ => grain.Number()));
        Assert.Equal("activated, deactivating: ApplicationRequested", trail.Text);
        trail.Open();
        Assert.All(await Eventually.Done(calls), number => Assert.Equal(2, number));
    }

    [Fact]
    public async Task What_always_interleaves_passes_what_waited_with_it_for_the_activation()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, trail) = New(host);
        var (first, second, interleaved) = (grain.Hold(), grain.Hold(), grain.Ticks());

        Trail.Of($"{trail.Key}-activation").Open();

        Assert.Equal(0, await Eventually.Done(interleaved));
        await trail.Saw("held");
        Assert.Equal("activated, held", trail.Text);
        trail.Open();
        await Eventually.Done(Task.WhenAll(first, second));
    }

    [Fact]
    public async Task An_activation_that_fails_gives_its_callers_the_reason_and_the_next_call_tries_again()
    {
        await using var host = await GrainHost.StartAsync();
        var (grain, _) = New(host);
        var failure = await Assert.ThrowsAnyAsync<Exception>(grain.Number);
        Assert.Contains("not yet", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await grain.Number());
    }

    [Fact]
    public async Task An_idle_grain_is_collected()
    {
        await using var host = await GrainHost.StartAsync(configure: silo =>
        {
            silo.Services.AddKeyedSingleton(TimeProviderNames.ActivationManagement, TimeProvider.System);
            silo.Configure<GrainCollectionOptions>(options =>
                (options.CollectionQuantum, options.CollectionAge) = (TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.3)));
        });
        var (grain, trail) = New(host);
        await grain.Number();
        await trail.Saw("deactivating: ActivationIdle");
        Assert.Equal(2, await grain.Number());
    }

    [Fact]
    public async Task Stopping_the_silo_deactivates_every_grain()
    {
        var host = await GrainHost.StartAsync();
        var grains = Enumerable.Range(0, 20).Select(_ => New(host)).ToArray();
        await Task.WhenAll(grains.Select(pair => pair.Grain.Number()));
        await host.DisposeAsync();
        Assert.All(grains, pair => Assert.Equal("activated, deactivating: ShuttingDown", pair.Trail.Text));
    }

    private static (ILife Grain, Trail Trail) New(GrainHost host, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var trail = Trail.New(test);
        return (host.Grains.GetGrain<ILife>(trail.Key), trail);
    }
}
