using Mesh.Gateway.Streams;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Ads;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>What runs out at clients is repeated in time, and only at clients that take such things.</summary>
public sealed class HeartbeatTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(60);
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task A_client_that_takes_a_time_to_live_gets_one_and_heartbeats_without_content_in_time(AdsVariant variant)
    {
        await using var host = await Start();
        using var client = new EitherClient(variant, host.Address, "mortal", static node => node.ClientFeatures.Add("xds.config.supports-resource-ttl"));
        await client.Ask(ResourceType.Endpoints, "default/greeter");
        var first = await client.Receive();
        Assert.Equal(Ttl, Assert.Single(first.Wrapped).Ttl.ToTimeSpan());
        Assert.NotNull(Assert.Single(first.Wrapped).Resource_);
        await client.Accept(first);

        for (var i = 0; i < 3; i++)
        {
            var beat = await Passing(client.Receive());
            var named = Assert.Single(beat.Wrapped);
            Assert.Equal(("default/greeter", Ttl), (named.Name, named.Ttl.ToTimeSpan()));
            Assert.Null(named.Resource_);
            // What the client compares it with: the version of the type, or of the resource.
            Assert.Equal(variant == AdsVariant.Delta ? first.Wrapped[0].Version : first.Version, named.Version);
            await client.Accept(beat);
        }

        host.View.Set("default/greeter", Endpoint("b", "10.0.0.2", 80));
        XdsAnswer change;
        do
        {
            change = await client.Receive();
            await client.Accept(change);
        }
        while (change.Wrapped[0].Resource_ is null);
        Assert.Equal(Ttl, change.Wrapped[0].Ttl.ToTimeSpan());
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task A_client_that_does_not_gets_neither(AdsVariant variant)
    {
        await using var host = await Start();
        using var mortal = new EitherClient(variant, host.Address, "mortal", static node => node.ClientFeatures.Add("xds.config.supports-resource-ttl"));
        using var client = new EitherClient(variant, host.Address, "immortal");
        foreach (var each in (EitherClient[])[mortal, client])
        {
            await each.Ask(ResourceType.Endpoints, "default/greeter");
            var first = await each.Receive();
            Assert.Equal(each == mortal || variant == AdsVariant.Delta ? 1 : 0, first.Wrapped.Count);
            Assert.All(each == client ? first.Wrapped : [], static resource => Assert.Null(resource.Ttl));
            await each.Accept(first);
        }

        // Two lives of the other one: its turn has come as well.
        var until = _time.GetUtcNow() + (2 * Ttl);
        while (_time.GetUtcNow() < until)
        {
            await mortal.Accept(await Passing(mortal.Receive()));
        }

        host.View.Set("default/greeter", Endpoint("b", "10.0.0.2", 80));
        var next = await client.Receive();
        Assert.Single(next.Resources);
        Assert.All(next.Wrapped, static resource => Assert.True(resource is { Ttl: null, Resource_: not null }));
    }

    private async Task<StreamHost> Start()
    {
        var host = await StreamHost.Start(
            new StreamOptions { Ads = new AdsLimits { ResourceTtl = new Dictionary<ResourceType, TimeSpan> { [ResourceType.Endpoints] = Ttl } } }, _time);
        host.View.Set("default/greeter", Endpoint("a", "10.0.0.1", 80));
        return host;
    }

    private async Task<XdsAnswer> Passing(Task<XdsAnswer> answer)
    {
        await Eventually.True(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return answer.IsCompleted;
        });
        return await answer;
    }
}
