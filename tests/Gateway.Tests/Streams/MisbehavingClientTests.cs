using Grpc.Core;
using Mesh.Core.Health;
using Mesh.Gateway.Streams;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Ads;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>Clients that keep to the protocol's letters but not to its sense: each costs no more than its bound, is named in a metric, and harms nobody.</summary>
public sealed class MisbehavingClientTests : IDisposable
{
    private const string Shared = GoodClient.Service;
    private readonly Measured _measured = new();

    public void Dispose() => _measured.Dispose();

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_rejects_everything(AdsVariant variant)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(variant, host);
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"default/s{i}"), Shared];
        foreach (var name in names.SkipLast(1))
        {
            host.View.Set(name, Endpoint("e", "127.0.0.1", 1001));
        }

        using var client = new EitherClient(variant, host.Address, "no");
        await client.Ask(ResourceType.Cluster);
        await client.Ask(ResourceType.Endpoints, names);
        var received = 0;
        using var ending = new CancellationTokenSource();
        var rejecting = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                await client.Reject(await client.Receive(), $"no {++received}");
            }
        });

        const int Changes = 40;
        for (var i = 0; i < Changes; i++)
        {
            await good.IsServed();
        }

        // It has been asked about each resource by itself by then, and refuses all of it.
        await Eventually.True(() => host.Proxies.Find("no").SingleOrDefault()?.Types is [var one, var other] && one.Status == "Rejected" && other.Status == "Rejected");
        // Of each of 51 names in two types: one response with it alone, as many again that halved the way to it, and the changes of one. And no more for ever.
        Assert.InRange(received, 4, (2 * 2 * 51) + (2 * Changes));
        Assert.True(_measured.Sum("pilot_total_xds_rejects") > 0);
        await ending.CancelAsync();
        client.Dispose();
        await Task.WhenAny(rejecting);
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_never_answers(AdsVariant variant)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(variant, host);
        using var client = new EitherClient(variant, host.Address, "silent");
        await client.Ask(ResourceType.Endpoints, Shared);
        var before = _measured.Sum("mesh.responses.unanswered");
        for (var i = 0; i < new AdsLimits().Unanswered + 10; i++)
        {
            await client.Receive();
            await good.IsServed();
        }

        // It gets what is newest as ever; what is remembered of the rest is bounded, and what is forgotten counts.
        await Eventually.True(() => _measured.Sum("mesh.responses.unanswered") >= before + 10);
        Assert.Equal("Pending", Assert.Single(Assert.Single(host.Proxies.Find("silent")).Types).Status);
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_never_reads(AdsVariant variant)
    {
        // Time passes with each change, so that a slow machine closes nobody who reads.
        var time = new ManualTimeProvider();
        await using var host = await StreamHost.Start(new StreamOptions { WriteTimeout = TimeSpan.FromSeconds(30) }, time);
        using var good = await GoodClient.Connect(variant, host);
        var many = Enumerable.Range(0, 10_000).Select(i => Endpoint($"e{i:00000}", $"10.0.{i / 250}.{i % 250}", 80)).ToArray();
        host.View.Set("default/large", many);
        var before = _measured.Sum("mesh.streams.closed", "unread");
        using var client = new EitherClient(variant, host.Address, "lazy");
        await client.Ask(ResourceType.Endpoints, "default/large", Shared);
        await Eventually.True(() => host.Proxies.Count == 2);

        // Each change fills more of what the lazy one does not read.
        for (var i = 0; i < 1000 && host.Proxies.Find("lazy").Count > 0; i++)
        {
            host.View.SetStatus("default/large", many[i].Id, HealthStatus.Ejected);
            await good.IsServed();
            time.Advance(TimeSpan.FromSeconds(3));
        }

        Assert.Empty(host.Proxies.Find("lazy"));
        Assert.True(_measured.Sum("mesh.streams.closed", "unread") > before);
        await good.IsServed();
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_asks_for_a_hundred_thousand_names(AdsVariant variant)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(variant, host);
        var before = _measured.Sum("mesh.streams.closed", "resources");
        using var client = new EitherClient(variant, host.Address, "greedy");

        await client.Ask(ResourceType.Endpoints, [.. Enumerable.Range(0, 9_000).Select(n => $"default/service-{n}")]);
        await client.Ask(ResourceType.Endpoints, [.. Enumerable.Range(9_000, 91_000).Select(n => $"default/service-{n}")]);

        // Which words reach it depends on what else was on its way.
        await client.End();
        await Eventually.True(() => host.Proxies.Count == 1);
        Assert.True(_measured.Sum("mesh.streams.closed", "resources") > before);
        await good.IsServed();
    }

    [Fact]
    public async Task One_that_gives_a_name_back_more_often_than_it_has_it_gets_no_further_ones_for_it()
    {
        await using var host = await StreamHost.Start(new StreamOptions { Ads = new AdsLimits { ResourcesPerStream = 5 } });
        var before = _measured.Sum("mesh.streams.closed", "resources");
        using var client = new EitherClient(AdsVariant.Delta, host.Address, "sly");
        await client.Ask(ResourceType.Endpoints, "default/a");
        await client.GiveBack(ResourceType.Endpoints, Enumerable.Repeat("default/a", 10));
        await client.Ask(ResourceType.Endpoints, [.. Enumerable.Range(0, 6).Select(n => $"default/service-{n}")]);

        // Which words reach it depends on what else was on its way.
        await client.End();
        Assert.True(_measured.Sum("mesh.streams.closed", "resources") > before);
    }

    [Fact]
    public async Task One_that_gives_back_and_asks_for_very_many_names_at_once()
    {
        await using var host = await StreamHost.Start(new StreamOptions { WriteTimeout = TimeSpan.FromMinutes(10) });
        using var good = await GoodClient.Connect(AdsVariant.Delta, host);
        using var client = new EitherClient(AdsVariant.Delta, host.Address, "indecisive");
        string[] names = [.. Enumerable.Range(0, 5_000).Select(n => $"default/service-{n}")];
        await client.Ask(ResourceType.Endpoints, names);
        for (var i = 0; i < 3; i++)
        {
            await client.GiveBack(ResourceType.Endpoints, names, Enumerable.Range(0, 5_000).Select(n => $"default/another-{n}"));
            await client.GiveBack(ResourceType.Endpoints, Enumerable.Range(0, 5_000).Select(n => $"default/another-{n}"), names);
        }

        await client.Ask(ResourceType.Cluster, GoodClient.Service);
        await Eventually.True(() => host.Proxies.Find("indecisive").SingleOrDefault()?.Types.Count == 2);
        await good.IsServed();
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_with_enormous_names(AdsVariant variant)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(variant, host);
        var before = _measured.Sum("mesh.streams.closed", "name");
        using var client = new EitherClient(variant, host.Address, "windbag");
        await client.Ask(ResourceType.Endpoints, new string('a', 1_000_000));
        var end = await client.End();

        Assert.Equal((StatusCode.InvalidArgument, true), (end.StatusCode, end.Status.Detail.Contains("has 1000000 characters", StringComparison.Ordinal)));
        Assert.True(_measured.Sum("mesh.streams.closed", "name") > before);
        await good.IsServed();
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_has_too_much_to_say_of_itself_is_known_by_the_beginning_of_it(AdsVariant variant)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(variant, host);
        var novel = new string('n', 500_000);
        using var client = new EitherClient(variant, host.Address, "novelist", node =>
        {
            (node.Cluster, node.UserAgentName, node.UserAgentVersion) = (novel, novel, novel);
            node.Locality = new() { Region = novel, Zone = novel, SubZone = novel };
            node.Metadata = new() { Fields = { ["novel"] = Google.Protobuf.WellKnownTypes.Value.ForString(novel) } };
        });
        await client.Ask(ResourceType.Endpoints, Shared);
        await client.Receive();

        var seen = Assert.Single(host.Proxies.Find("novelist"));
        string[] kept = [seen.Cluster, seen.UserAgent, seen.Locality.Region, seen.Locality.Zone, seen.Locality.SubZone];
        Assert.All(kept, text => Assert.InRange(text.Length, 256, 513));
        await good.IsServed();
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_asks_without_end_is_read_no_faster_than_the_limit_says(AdsVariant variant)
    {
        var time = new ManualTimeProvider();
        await using var host = await StreamHost.Start(new StreamOptions { RequestsPerSecond = 50 }, time);
        using var good = await GoodClient.Connect(variant, host);
        var before = _measured.Sum("mesh.requests.throttled");
        using var client = new EitherClient(variant, host.Address, "chatty");
        for (var i = 0; i < 200; i++)
        {
            await client.Ask(ResourceType.Endpoints, $"default/service-{i}");
        }

        await Eventually.True(() => _measured.Sum("mesh.requests.throttled") > before);
        Assert.Equal(50, Wanted());
        for (var i = 0; i < 10; i++)
        {
            await good.IsServed();
        }

        Assert.Equal(50, Wanted());
        await Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Wanted() == 200;
        });

        int Wanted() => host.Proxies.Find("chatty").SingleOrDefault()?.Types.SingleOrDefault()?.Resources ?? 0;
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_opens_streams_without_end(AdsVariant variant)
    {
        var time = new ManualTimeProvider();
        await using var host = await StreamHost.Start(new StreamOptions { MaxStreamsPerClient = 20 }, time);
        using var good = await GoodClient.Connect(variant, host);
        var (refused, silent) = (_measured.Sum("mesh.streams.closed", "client_streams"), _measured.Sum("mesh.streams.closed", "silent"));
        var clients = Enumerable.Range(0, 50).Select(i => new EitherClient(variant, host.Address, $"many-{i}")).ToList();
        try
        {
            // All but the nineteen places that are left are refused, and those who took them say nothing.
            await Eventually.True(() => _measured.Sum("mesh.streams.closed", "client_streams") >= refused + 31);
            await good.IsServed();

            // Silence gives the places back.
            await Eventually.True(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return _measured.Sum("mesh.streams.closed", "silent") >= silent + 19;
            });
            using var next = new EitherClient(variant, host.Address, "next");
            await next.Ask(ResourceType.Endpoints, Shared);
            await next.Receive();
            await good.IsServed();
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task One_that_comes_and_goes_in_a_circle(AdsVariant variant)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(variant, host);
        var before = _measured.Sum("mesh.streams.opened");
        for (var i = 0; i < 100; i++)
        {
            using var client = new EitherClient(variant, host.Address, "restless");
            await client.Ask(ResourceType.Cluster);
            await client.Ask(ResourceType.Endpoints, Shared, $"default/service-{i}");
            if (i % 2 == 0)
            {
                await client.Receive();
            }

            if (i % 10 == 0)
            {
                await good.IsServed();
            }
        }

        // Nothing is left of any of them.
        await Eventually.True(() => host.Proxies.Count == 1);
        Assert.True(_measured.Sum("mesh.streams.opened") >= before + 50);
        await good.IsServed();
    }
}
