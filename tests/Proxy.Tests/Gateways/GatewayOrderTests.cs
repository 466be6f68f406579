using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Tests;
using Mesh.Proxy.Gateways;
using Xunit;

namespace Mesh.Proxy.Tests.Gateways;

public class GatewayOrderTests
{
    private static readonly Gen<(string Proxy, int Gateways, int Lost)> Any =
        from proxy in Gen.Choose(0, 100_000)
        from count in Gen.Choose(2, 12)
        from lost in Gen.Choose(0, count - 1)
        select ($"proxy-{proxy}", count, lost);

    [Fact]
    public void Proxies_are_even_over_the_gateways_and_those_of_a_lost_one_over_the_rest()
    {
        var all = Some(3);
        var orders = Enumerable.Range(0, 3000).Select(i => GatewayOrder.Rank($"web-{i}", all)).ToList();

        Assert.All(orders.CountBy(order => order[0].Name), one => Assert.InRange(one.Value, 900, 1100));
        var orphans = orders.Where(order => order[0] == all[1]).ToList();
        Assert.All(orphans.CountBy(order => order[1].Name), one => Assert.InRange(one.Value, orphans.Count * 0.42, orphans.Count * 0.58));
    }

    [Fact]
    public void A_gateway_that_goes_moves_nobody_but_its_own() => Properties.Hold(Any, given =>
    {
        var (proxy, count, lost) = given;
        var all = Some(count);
        Assert.Equal(
            GatewayOrder.Rank(proxy, all).Where(gateway => gateway != all[lost]),
            GatewayOrder.Rank(proxy, all.Where(gateway => gateway != all[lost])));
    });

    [Fact]
    public void The_order_in_which_they_were_named_and_how_often_does_not_matter() => Properties.Hold(Any, given =>
    {
        var (proxy, count, _) = given;
        var all = Some(count);
        Assert.Equal(GatewayOrder.Rank(proxy, all), GatewayOrder.Rank(proxy, all.Reverse().Concat(all)));
    });

    [Fact]
    public void Each_gateway_is_tried_once_and_at_once_before_there_is_a_wait() => Properties.Hold(Any, given =>
    {
        var (proxy, count, _) = given;
        var ranked = GatewayOrder.Rank(proxy, Some(count));
        var (round, tried) = (GatewayRound.Start, new List<Gateway>());
        while (round.Next(ranked) is { } next)
        {
            tried.Add(next);
            // An answer that was followed by the end within a moment is none.
            round = round.Ended(next, tried.Count % 2 == 0 ? GatewayRound.Held / 2 : null);
        }

        Assert.Equal(ranked, tried);
        Assert.Equal((ranked[0], 1), (round.Again().Next(ranked), round.Again().Failures));
    });

    [Fact]
    public void Who_was_sent_away_by_a_gateway_that_served_goes_to_the_best_of_the_others()
    {
        var ranked = GatewayOrder.Rank("web", Some(3));
        var round = GatewayRound.Start.Ended(ranked[0], null).Again().Ended(ranked[0], null).Ended(ranked[1], TimeSpan.FromHours(1));

        Assert.Equal((ranked[0], 0), (round.Next(ranked), round.Failures));
        Assert.Equal(ranked[2], round.Ended(ranked[0], null).Next(ranked));
    }

    [Fact]
    public async Task A_name_stands_for_all_of_its_addresses_and_a_lookup_that_fails_takes_none_away()
    {
        Func<Task<IPAddress[]>> answer = () => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2")]);
        var list = new GatewayList("web", [new("http://mesh:15010"), new("http://127.0.0.1:15010"), new("http://localhost:15011")], (_, _) => answer());
        Assert.Equal(["127.0.0.1:15010", "localhost:15011", "mesh:15010"], Names(list.Ranked));

        Assert.Equal(["10.0.0.1:15010", "10.0.0.2:15010", "127.0.0.1:15010", "localhost:15011"], Names(await list.Refresh()));
        answer = () => throw new SocketException();
        Assert.Equal(4, (await list.Refresh()).Length);
        answer = () => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.3")]);
        Assert.Equal(["10.0.0.3:15010", "127.0.0.1:15010", "localhost:15011"], Names(await list.Refresh()));
    }

    private static IEnumerable<string> Names(IEnumerable<Gateway> gateways) => gateways.Select(gateway => gateway.Name).Order(StringComparer.Ordinal);

    private static ImmutableArray<Gateway> Some(int count) => [.. Enumerable.Range(0, count).Select(i => new Gateway(new Uri($"http://10.0.0.{i + 1}:15010")))];
}
