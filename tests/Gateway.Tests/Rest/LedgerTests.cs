using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Gateway.View;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Tests.Rest;

public sealed class LedgerTests(RestServer server) : IClassFixture<RestServer>
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow - TimeSpan.FromMinutes(10);

    [Fact]
    public async Task The_ledger_is_read_newest_first_with_all_its_evidence()
    {
        var path = await Entered("read", Ejected(1), Entry(2, LedgerKind.Returned), Entry(3, LedgerKind.Weight) with { WeightBefore = 100, WeightAfter = 50 });

        var ledger = (await server.Get($"{path}/ledger")).Json;

        Assert.Equal((1, 3), ((int)ledger["oldest"]!, (int)ledger["last"]!));
        Assert.Equal(["Weight", "Returned", "Ejected"], ledger["items"]!.AsArray().Select(static item => (string)item!["kind"]!));
        Assert.Equal((1.0, 0.5), ((double)ledger["items"]![0]!["weightBefore"]!, (double)ledger["items"]![0]!["weightAfter"]!));
        var ejected = ledger["items"]![2]!;
        Assert.Equal("DestinationRule/default/greeter@3", (string)ejected["policy"]!);
        Assert.Equal((20, 1), ((int)ejected["budget"]!["hosts"]!, (int)ejected["budget"]!["ejected"]!));
        var evidence = ejected["evidence"]!;
        Assert.Equal("5 consecutive 5xx; 5 suffice", (string)evidence["statement"]!);
        Assert.Equal(5, (int)evidence["sourcesTotal"]!);
        Assert.Equal(["p1", ""], evidence["sources"]!.AsArray().Select(static source => (string)source!["proxy"]!));
    }

    [Fact]
    public async Task The_ledger_is_narrowed_and_paged()
    {
        var path = await Entered("narrow", Ejected(1), Entry(2, LedgerKind.Returned), Ejected(3) with { EndpointId = "b" }, Ejected(500));

        Assert.Equal("3", await Numbers($"{path}/ledger?endpoint=b"));
        Assert.Equal("2", await Numbers($"{path}/ledger?kind=returned"));
        Assert.Equal("4", await Numbers($"{path}/ledger?since=5m"));
        Assert.Equal("4, 3", await Numbers($"{path}/ledger?since={Uri.EscapeDataString(Ejected(3).At.ToString("O"))}"));
        var first = (await server.Get($"{path}/ledger?limit=3")).Json;
        Assert.Equal("1", await Numbers($"{path}/ledger?limit=3&continue={first["continue"]}"));
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused_all_at_once()
    {
        Assert.Equal(
            ["endpoint", "since", "kind", "limit", "continue", "form"],
            (await server.Get("/v1/services/default/greeter/ledger?endpoint=%20&since=later&kind=Lost&limit=0&continue=x&form=long")).Refusal(400));
        Assert.Equal(["continue"], (await server.Get("/v1/services/default/greeter/ledger?continue=PmE")).Refusal(400));
        Assert.Equal(["since"], (await server.Get("/v1/services/default/greeter/explain?since=1h")).Refusal(400));
        Assert.Equal(["service"], (await server.Get("/v1/services/default/nobody/ledger")).Refusal(404));
        Assert.Equal(["service"], (await server.Get("/v1/services/default/nobody/explain")).Refusal(404));
        await Register("empty", "a");
        Assert.Empty((await server.Get("/v1/services/default/empty/ledger")).Json["items"]!.AsArray());
        Assert.Equal(["endpoint"], (await server.Get("/v1/services/default/empty/explain?endpoint=zz")).Refusal(404));
    }

    [Fact]
    public async Task A_service_is_explained_by_those_who_have_something_to_tell()
    {
        await Register("explained", "a");
        await Register("explained", "b");
        await Register("explained", "quiet");
        // This is the first entry.
        await server.Post("/v1/services/default/explained/endpoints/b/drain");
        await Eventually.True(async () => await Numbers("/v1/services/default/explained/ledger") == "1");
        var path = await Entered("explained", Ejected(1), Entry(2, LedgerKind.Returned), Entry(3, LedgerKind.Proven), Entry(4, LedgerKind.Refused), Ejected(5) with { EndpointId = "gone" });

        var whole = (await server.Get($"{path}/explain")).Json;

        Assert.Equal(["a", "b", "gone"], whole["endpoints"]!.AsArray().Select(static endpoint => (string)endpoint!["id"]!));
        Assert.Equal(1, (int)whole["quiet"]!);
        var ejection = Assert.Single(whole["endpoints"]![0]!["ejections"]!.AsArray())!;
        Assert.Equal(
            (2, 3, 4), ((int)ejection["ejected"]!["number"]!, (int)ejection["ended"]!["number"]!, (int)ejection["settled"]!["number"]!));
        Assert.Equal("Refused", (string)Assert.Single(whole["endpoints"]![0]!["notes"]!.AsArray())!["kind"]!);
        Assert.Equal(1, (int)whole["endpoints"]![0]!["weight"]!["configured"]!);
        Assert.Null(whole["endpoints"]![2]!["now"]);

        var one = (await server.Get($"{path}/explain?endpoint=quiet")).Json;
        Assert.Equal("Healthy", (string)Assert.Single(one["endpoints"]!.AsArray())!["now"]!["status"]!);
        Assert.Empty(one["endpoints"]![0]!["ejections"]!.AsArray());
    }

    [Fact]
    public async Task The_event_stream_carries_entries_in_order_and_fills_a_gap_from_the_ledger()
    {
        await using var own = new RestServer();
        await own.InitializeAsync();
        var grain = own.App.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>("default/greeter");
        var feed = own.App.Services.GetRequiredService<LedgerFeed>();
        await using var reader = await EventReader.Open(own, "/v1/events?service=default/greeter");
        var service = new ServiceId("default", "greeter");
        feed.Entered(service, await grain.Append([Ejected(1)]));
        var first = await reader.Next();
        Assert.Equal(("Ledger", "a: Ejected, 5 consecutive 5xx; 5 suffice"), (first.Kind, (string)first.Data["detail"]!));
        Assert.Equal(5, (int)first.Data["entry"]!["evidence"]!["count"]!);

        await grain.Append([Entry(2, LedgerKind.Returned)]);
        feed.Entered(service, await grain.Append([Entry(3, LedgerKind.Proven)]));
        feed.Entered(service, []);
        feed.Entered(service, await grain.Append([Entry(4, LedgerKind.Drained)]));

        long[] numbers = [await Number(), await Number(), await Number()];
        Assert.Equal([2, 3, 4], numbers);

        async Task<long> Number() => (long)(await reader.Next()).Data["entry"]!["number"]!;
    }

    private static LedgerEntry Entry(int second, LedgerKind kind) =>
        new() { At = Start + TimeSpan.FromSeconds(second), EndpointId = "a", Kind = kind, Reason = "a test" };

    private static LedgerEntry Ejected(int second) => Entry(second, LedgerKind.Ejected) with
    {
        Evidence = new(OutlierDetector.Consecutive5xx, 5, 5) { Sources = [new("p1", 4), new("", 1)] },
        Policy = "DestinationRule/default/greeter@3",
        Tally = new(20, 1),
        Until = Start + TimeSpan.FromSeconds(second + 30),
    };

    private async Task<string> Numbers(string path) =>
        string.Join(", ", (await server.Get(path)).Json["items"]!.AsArray().Select(static item => (long)item!["number"]!));

    private async Task Register(string service, string id) =>
        Assert.Equal(201, (await server.Put($"/v1/services/default/{service}/endpoints/{id}", """{"address":"10.0.0.1","port":80}""")).Status);

    private async Task<string> Entered(string service, params ImmutableArray<LedgerEntry> entries)
    {
        await server.App.Services.GetRequiredService<IGrainFactory>().GetGrain<ILedgerGrain>($"default/{service}").Append(entries);
        return $"/v1/services/default/{service}";
    }
}
