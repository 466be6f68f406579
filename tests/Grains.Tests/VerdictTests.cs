using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>What the service finds by comparing its endpoints, and what its ledger knows of it.</summary>
public class VerdictTests
{
    private static readonly OutlierDetection Quiet = new() { Consecutive5xx = 0, EnforcingSequential = 0 };

    private static EndpointObservation Of(string id, long succeeded, long failed) => new()
    {
        EndpointId = id,
        Succeeded = succeeded,
        Failed = failed,
        Sources = failed == 0 ? [] : [new("proxy-1", failed, FailureRuns.None)],
    };

    private static EndpointObservation[] Healthy(int count, long requests = 1000) =>
        [.. Enumerable.Range(1, count).Select(i => Of($"e{i}", requests - requests / 100, requests / 100))];

    private static async Task<TestMesh> Mesh(OutlierDetection? policy = null)
    {
        var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        if (policy is not null)
        {
            await mesh.Service().BindPolicy(new("DestinationRule", "shop", "cart"), 7, new() { OutlierDetection = policy, Source = "DestinationRule/shop/cart@7" });
        }

        return mesh;
    }

    private static async Task<ImmutableArray<LedgerEntry>> Ledger(TestMesh mesh) =>
        (await mesh.Grains.GetGrain<ILedgerGrain>(TestMesh.Cart.ToString()).Read(new LedgerQuery { OldestFirst = true })).Entries;

    private static async Task<string> Kinds(TestMesh mesh) => string.Join("; ", (await Ledger(mesh)).Select(entry => $"{entry.Kind} {entry.EndpointId}"));

    [Fact]
    public async Task An_endpoint_that_fails_a_third_of_its_requests_goes_with_the_report_that_makes_it_sure()
    {
        await using var mesh = await Mesh();

        Assert.Empty((await mesh.Seen([Of("e0", 990, 10), .. Healthy(9)])).Ejected);
        mesh.Time.Advance(TimeSpan.FromSeconds(2));
        var answer = await mesh.Seen(Of("e0", 20, 12));

        Assert.Equal(["e0"], answer.Ejected);
        var entry = Assert.Single(await Ledger(mesh));
        Assert.Equal((LedgerKind.Ejected, OutlierDetector.Sequential, 32, 10), (entry.Kind, entry.Evidence!.Detector, entry.Evidence.Requests, entry.Evidence.Hosts));
        Assert.Equal([new EvidenceSource("proxy-1", 12)], entry.Evidence.Sources);
        Assert.Equal((new EjectionTally(10, 0), null), (entry.Tally, entry.Policy));
        Assert.Equal(entry.Evidence, (await mesh.Endpoint("e0").Get())!.Evidence);
    }

    [Fact]
    public async Task At_the_end_of_an_interval_success_rates_are_compared_over_all_that_it_brought()
    {
        await using var mesh = await Mesh(Quiet);
        for (var i = 0; i < 5; i++)
        {
            Assert.Empty((await mesh.Seen([Of("e0", 60, 40), .. Healthy(9, 100)])).Ejected);
            mesh.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e0"));
        mesh.Time.Advance(TimeSpan.FromSeconds(5));
        await mesh.Becomes("e0", HealthStatus.Ejected);
        await Eventually.True(async () => (await Kinds(mesh)).Contains("Ejected e0", StringComparison.Ordinal), "the ejection is entered");

        var entry = (await Ledger(mesh)).Single(entry => entry.Kind == LedgerKind.Ejected);
        Assert.Equal((OutlierDetector.SuccessRate, 200, 500, "DestinationRule/shop/cart@7"), (entry.Evidence!.Detector, entry.Evidence.Count, entry.Evidence.Requests, entry.Policy));
        Assert.StartsWith("low success rate: 200 of 500 requests failed", (await mesh.Find("e0"))!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Intervals_follow_each_other_as_long_as_there_is_traffic()
    {
        await using var mesh = await Mesh(Quiet with { EnforcingSuccessRate = 0, EnforcingFailurePercentage = 100 });
        await mesh.Seen([Of("e0", 1000, 0), .. Healthy(9)]);
        mesh.Time.Advance(TimeSpan.FromSeconds(10));
        await mesh.Seen([Of("e0", 10, 990), .. Healthy(9)]);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e0"));
        mesh.Time.Advance(TimeSpan.FromSeconds(10));
        await mesh.Becomes("e0", HealthStatus.Ejected);
    }

    [Fact]
    public async Task What_is_not_enforced_is_entered_and_counted_and_nobody_goes()
    {
        await using var mesh = await TestMesh.Start();
        var service = new ServiceId("metrics", $"s{Guid.NewGuid():N}");
        using var counts = new CounterListener(service);
        for (var i = 0; i < 10; i++)
        {
            await mesh.Service(service).Register(TestMesh.Registration($"e{i}"));
        }

        await mesh.Service(service).BindPolicy(new("DestinationRule", "metrics", "a"), 1, new() { OutlierDetection = new() { EnforcingConsecutive5xx = 0 } });
        var answer = await mesh.Service(service).Report(new() { Service = service, Reporter = "test", Observations = [Of("e1", 0, 5)] });

        Assert.Empty(answer.Ejected);
        Assert.Equal(1, counts["mesh_outlier_detections_total"]);
        var page = await mesh.Grains.GetGrain<ILedgerGrain>(service.ToString()).Read(new LedgerQuery());
        Assert.Equal((LedgerKind.NotEnforced, "5 consecutive 5xx; not enforced"), (Assert.Single(page.Entries).Kind, page.Entries[0].Reason));
    }

    [Fact]
    public async Task A_life_is_in_the_ledger_from_the_ejection_to_the_proof_and_a_refusal_once()
    {
        await using var mesh = await Mesh();
        await mesh.Fails("e1");
        await mesh.Fails("e2");
        await mesh.Fails("e2");
        Assert.Equal("Ejected e1; Refused e2", await Kinds(mesh));
        mesh.Time.Advance(TimeSpan.FromSeconds(30));
        await mesh.Becomes("e1", HealthStatus.Probing);
        await mesh.Serves("e1");
        await mesh.Service().Drain("e3");
        await mesh.Service().Restore("e3");
        await mesh.Service().Eject("e4", TimeSpan.FromMinutes(1), "test");
        Assert.Equal("Ejected e1; Refused e2; Returned e1; Proven e1; Drained e3; Restored e3; Ejected e4", await Kinds(mesh));
        var byHand = (await Ledger(mesh))[^1];
        Assert.Equal(("by hand: test", null, null), (byHand.Reason, byHand.Evidence, byHand.Tally));
    }

    [Fact]
    public async Task An_ejection_whose_entry_was_lost_is_entered_when_the_service_wakes_and_one_that_is_there_is_not_entered_again()
    {
        var first = await Mesh();
        await first.Fails("e1");
        var before = await Ledger(first);
        await using var mesh = await first.Restart();
        await mesh.Snapshot();
        Assert.Equal(before.Select(entry => (entry.Number, entry.At)), (await Ledger(mesh)).Select(entry => (entry.Number, entry.At)));

        // As if the silo had died between the endpoint's row and the ledger's.
        await mesh.Member("e2").Decide(
            new(new("e2", new(OutlierDetector.Consecutive5xx, 5, 5)), true, null), new() { Source = "DestinationRule/shop/cart@1" });
        await mesh.Service().EndpointChanged("e2");
        await Eventually.True(async () => await Kinds(mesh) == "Ejected e1; Ejected e2", "the second ejection is entered");
        var entry = (await Ledger(mesh))[1];
        Assert.Equal((5, "DestinationRule/shop/cart@1"), (entry.Evidence!.Count, entry.Policy));
    }

    [Fact]
    public async Task No_ejection_leads_into_panic_whatever_the_policy_allows()
    {
        await using var mesh = await Mesh(new OutlierDetection { MaxEjectionPercent = 100 });
        var answer = await mesh.Seen([.. Enumerable.Range(0, 10).Select(i => Of($"e{i}", 0, 9))]);
        Assert.Equal((5, 5), (answer.Ejected.Length, answer.Overflowed.Length));
        Assert.Contains("panic", (await mesh.Find(answer.Overflowed[0]))!.Reason, StringComparison.Ordinal);
    }
}
