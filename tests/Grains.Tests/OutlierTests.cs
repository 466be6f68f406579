using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Weights;
using Xunit;

namespace Mesh.Grains.Tests;

public class OutlierTests
{
    [Fact]
    public async Task Five_failures_in_a_row_eject_and_the_verdict_is_on_disk_and_in_the_snapshot_when_the_report_is_answered()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        var writes = mesh.Storage.Writes("endpoint");

        var answer = await mesh.Fails("e3");

        Assert.Equal(["e3"], answer.Ejected);
        Assert.Empty(answer.Overflowed);
        Assert.Empty(answer.Unknown);
        Assert.Equal(writes + 1, mesh.Storage.Writes("endpoint"));
        var snapshot = await mesh.Snapshot();
        Assert.Equal(answer.Version, snapshot.Version);
        var ejected = Assert.Single(snapshot.Endpoints, endpoint => endpoint.Status == HealthStatus.Ejected);
        Assert.Equal(("e3", "5 consecutive 5xx"), (ejected.Id, ejected.Reason));
        Assert.Equal(mesh.Time.GetUtcNow() + TimeSpan.FromSeconds(30), ejected.EjectedUntil);
    }

    [Fact]
    public async Task Failures_seen_through_several_reports_add_up_and_a_success_between_them_ends_the_run()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);

        await mesh.Fails("e1", 4);
        Assert.Equal(HealthStatus.Suspect, await mesh.Status("e1"));
        await mesh.Serves("e1", 1);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e1"));
        Assert.Empty((await mesh.Fails("e1", 4)).Ejected);
        Assert.Equal(["e1"], (await mesh.Fails("e1", 1)).Ejected);
    }

    [Fact]
    public async Task The_budget_spares_the_second_and_says_so()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        await mesh.Fails("e1");

        var answer = await mesh.Fails("e2", 6);

        Assert.Empty(answer.Ejected);
        Assert.Equal(["e2"], answer.Overflowed);
        var spared = await mesh.Find("e2");
        Assert.Equal(HealthStatus.Suspect, spared!.Status);
        Assert.Contains("maxEjectionPercent", spared.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_from_many_gateways_at_once_have_one_budget()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(40);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => mesh.Fails($"e{i}")));

        Assert.Equal(4, answers.Sum(answer => answer.Ejected.Length));
        Assert.Equal(36, answers.Sum(answer => answer.Overflowed.Length));
        Assert.Equal(4, (await mesh.Snapshot()).Endpoints.Count(endpoint => endpoint.Status == HealthStatus.Ejected));
    }

    [Fact]
    public async Task Many_reports_at_once_that_propose_one_endpoint_eject_it_once_and_overflow_nothing()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => mesh.Fails("e1")));

        Assert.Equal(["e1"], answers.SelectMany(answer => answer.Ejected));
        Assert.Empty(answers.SelectMany(answer => answer.Overflowed));
    }

    [Fact]
    public async Task Who_was_ejected_returns_through_a_probe_and_is_ejected_for_longer_when_it_fails_that()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        await mesh.Fails("e1");

        mesh.Time.Advance(TimeSpan.FromSeconds(30));
        await mesh.Becomes("e1", HealthStatus.Probing);
        Assert.Equal(EffectiveWeight.ProbingPercent, (await mesh.Find("e1"))!.Weight);

        Assert.Equal(["e1"], (await mesh.Fails("e1", 1)).Ejected);
        Assert.Equal(mesh.Time.GetUtcNow() + TimeSpan.FromSeconds(60), (await mesh.Find("e1"))!.EjectedUntil);

        mesh.Time.Advance(TimeSpan.FromSeconds(60));
        await mesh.Becomes("e1", HealthStatus.Probing);
        await mesh.Serves("e1", EndpointMachine.ProbeSuccesses);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e1"));
    }

    [Fact]
    public async Task Successes_of_healthy_endpoints_are_no_work_for_anybody()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        var version = (await mesh.Snapshot()).Version;
        var writes = mesh.Storage.Writes("endpoint");

        var answer = await mesh.Serves("e1", 1_000_000);

        Assert.Equal(version, answer.Version);
        Assert.Equal(writes, mesh.Storage.Writes("endpoint"));
    }

    [Fact]
    public async Task A_report_makes_one_version_of_all_that_it_changes()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(20);
        var before = (await mesh.Snapshot()).Version;

        var answer = await mesh.Seen([.. Enumerable.Range(0, 6).Select(i => new EndpointObservation { EndpointId = $"e{i}", Failed = 5 + i })]);

        Assert.Equal(before.Number + 1, answer.Version.Number);
        // The strongest evidence goes first.
        Assert.Equal(["e5", "e4"], answer.Ejected);
        Assert.Equal(["e0", "e1", "e2", "e3"], answer.Overflowed.Order());
    }

    [Fact]
    public async Task Unknown_endpoints_are_named_and_do_no_harm()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);

        var answer = await mesh.Seen(
            new EndpointObservation { EndpointId = "ghost", Failed = 100 }, new EndpointObservation { EndpointId = "e1", Failed = 5 });

        Assert.Equal(["ghost"], answer.Unknown);
        Assert.Equal(["e1"], answer.Ejected);
        Assert.Equal(10, (await mesh.Snapshot()).Endpoints.Length);
    }

    [Fact]
    public async Task By_hand_an_endpoint_is_ejected_past_the_budget_and_restored_and_drained()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(2);

        var ejected = await mesh.Service().Eject("e0", TimeSpan.FromMinutes(5), "bad disk");
        Assert.Equal(("by hand: bad disk", mesh.Time.GetUtcNow() + TimeSpan.FromMinutes(5)), (ejected.Value!.Endpoint.Reason, ejected.Value.Endpoint.EjectedUntil));
        Assert.Equal(HealthStatus.Ejected, await mesh.Status("e0"));

        await mesh.Service().Restore("e0");
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e0"));

        await mesh.Service().Drain("e0");
        Assert.Equal(HealthStatus.Draining, await mesh.Status("e0"));

        Assert.Equal(ProblemKind.NotFound, (await mesh.Service().Drain("ghost")).Problems[0].Kind);
        Assert.Equal(ProblemKind.Invalid, (await mesh.Service().Eject("e0", TimeSpan.Zero, null)).Problems[0].Kind);
    }

    [Fact]
    public async Task Ejections_returns_overflows_and_the_rest_are_counted_per_service()
    {
        await using var mesh = await TestMesh.Start();
        var service = new ServiceId("metrics", $"s{Guid.NewGuid():N}");
        using var counts = new CounterListener(service);
        for (var i = 0; i < 10; i++)
        {
            await mesh.Service(service).Register(TestMesh.Registration($"e{i}", lease: TimeSpan.FromMinutes(1)));
        }

        ServiceReport Failing(string id) => new()
        {
            Service = service,
            Reporter = "test",
            Observations = [new EndpointObservation { EndpointId = id, Failed = 5 }],
        };
        await mesh.Service(service).Report(Failing("e1"));
        await mesh.Service(service).Report(Failing("e2"));
        await mesh.Service(service).Restore("e1");
        mesh.Time.Advance(TimeSpan.FromMinutes(1));
        await Testing.Eventually.True(
            () =>
            {
                // A look at the same moment may have set a timer anew, a little ahead.
                mesh.Time.Advance(TimeSpan.FromMilliseconds(10));
                return counts["mesh_lease_expiries_total"] == 10;
            },
            "ten leases have run out");

        Assert.Equal(10, counts["mesh_registrations_total"]);
        Assert.Equal(1, counts["mesh_outlier_ejections_total"]);
        Assert.Equal(1, counts["mesh_outlier_overflows_total"]);
        Assert.Equal(1, counts["mesh_outlier_returns_total"]);
    }
}
