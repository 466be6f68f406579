using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Grains.Checks;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests.Checks;

public class CheckedServiceTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const string Document = """
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "DestinationRule",
          "metadata": { "name": "checks", "namespace": "shop" },
          "spec": { "host": "cart", "trafficPolicy": {
            "healthCheck": { "httpHealthCheck": { "path": "/healthz" }, "interval": "5s" },
            "outlierDetection": { "maxEjectionPercent": 50 } } }
        }
        """;

    [Fact]
    public async Task An_endpoint_whose_checks_fail_is_ejected_says_why_and_returns_when_they_pass()
    {
        var checker = new FakeChecker();
        await using var mesh = await Start(checker, 4);
        checker.Fails(102, "connection refused");
        await Round(mesh, 4);
        await Round(mesh, 4);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e2"));
        await Round(mesh, 4);
        await mesh.Becomes("e2", HealthStatus.Ejected);

        var view = (await mesh.Endpoint("e2").Get())!;
        Assert.Null(view.Endpoint.EjectedUntil);
        Assert.Equal((OutlierDetector.ActiveHealthCheck, "connection refused"), (view.Evidence!.Detector, view.Evidence.Note));
        Assert.Equal(3, (await mesh.Snapshot()).Endpoints.Count(endpoint => endpoint.InRotation));

        checker.Passes(102);
        await Round(mesh, 4);
        Assert.Equal(HealthStatus.Ejected, await mesh.Status("e2"));
        await Round(mesh, 4);
        await mesh.Becomes("e2", HealthStatus.Healthy);
        Assert.Equal("warming up 10 %", (await mesh.Find("e2"))!.WeightReason);
        mesh.Time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.True(async () => (await mesh.Find("e2"))!.Weight == 100, "it has warmed up");
    }

    [Fact]
    public async Task A_check_that_changes_nothing_writes_nothing_and_makes_no_version()
    {
        var checker = new FakeChecker();
        await using var mesh = await Start(checker, 4);
        await Round(mesh, 4);
        var (writes, version) = (mesh.Storage.Writes("endpoint"), (await mesh.Snapshot()).Version);
        checker.Fails(101);
        await Round(mesh, 4);
        checker.Passes(101);
        await Round(mesh, 4);
        Assert.Equal((writes, version), (mesh.Storage.Writes("endpoint"), (await mesh.Snapshot()).Version));
    }

    [Fact]
    public async Task While_a_check_is_under_way_the_endpoint_goes_on_answering()
    {
        var checker = new FakeChecker();
        var answer = new TaskCompletionSource<CheckResult>();
        checker.Answers(100, () => answer.Task);
        await using var mesh = await Start(checker, 1);
        mesh.Time.Advance(Interval);
        await Eventually.True(() => checker.Asked(100) == 1, "it is being checked");

        Assert.True((await mesh.Endpoint("e0").Get())!.Checks!.UnderWay);
        Assert.True((await mesh.Endpoint("e0").Renew(null)).Ok);
        await mesh.Fails("e0", 1);
        answer.SetResult(CheckResult.Fail("no answer in 1s"));
        await Eventually.True(async () => (await mesh.Endpoint("e0").Get())!.Checks is { UnderWay: false, Failed: 1, Note: "no answer in 1s" }, "the result has come back");
    }

    [Fact]
    public async Task The_answer_of_a_process_whose_place_another_has_taken_counts_for_nothing()
    {
        var checker = new FakeChecker();
        var answer = new TaskCompletionSource<CheckResult>();
        checker.Answers(100, () => answer.Task);
        await using var mesh = await Start(checker, 1);
        mesh.Time.Advance(Interval);
        await Eventually.True(() => checker.Asked(100) == 1, "it is being checked");
        await mesh.Service().Register(TestMesh.Registration("e0", "another") with { Port = 7 });
        answer.SetResult(CheckResult.Fail("503"));

        // The next check of the new process comes after the late message, because messages of one check take their turns in order.
        mesh.Time.Advance(Interval);
        await Eventually.True(async () => (await mesh.Endpoint("e0").Get())!.Checks!.Passed == 1, "the new process is checked");
        Assert.Equal(0, (await mesh.Endpoint("e0").Get())!.Checks!.Failed);
    }

    [Fact]
    public async Task A_checker_that_throws_costs_one_check_and_the_endpoint_asks_again()
    {
        var checker = new FakeChecker();
        checker.Answers(100, () => throw new InvalidOperationException("a bug"));
        await using var mesh = await Start(checker, 1);
        mesh.Time.Advance(Interval);
        await Eventually.True(() => checker.Asked(100) == 1, "it is being checked");
        checker.Passes(100);
        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(Interval);
                return (await mesh.Endpoint("e0").Get())!.Checks!.Passed > 0;
            },
            "it is checked again");
    }

    [Fact]
    public async Task Checks_beyond_the_bound_are_skipped_and_counted_and_made_at_the_next_moment()
    {
        var checker = new FakeChecker();
        var service = new ServiceId("metrics", $"s{Guid.NewGuid():N}");
        using var counts = new CounterListener(service);
        var runner = new CheckRunner(checker, new GrainSettings { ChecksUnderWay = 1 });
        var answer = new TaskCompletionSource<CheckResult>();
        checker.Answers(100, () => answer.Task);

        var first = runner.Run(service.ToString(), new HealthCheck(), "10.0.0.1", 100);
        Assert.Null(await runner.Run(service.ToString(), new HealthCheck(), "10.0.0.1", 101));
        Assert.Equal(0, checker.Asked(101));
        answer.SetResult(CheckResult.Pass);
        Assert.Equal(CheckResult.Pass, await first);
        Assert.Equal(CheckResult.Pass, await runner.Run(service.ToString(), new HealthCheck(), "10.0.0.1", 101));
        Assert.Equal(3, counts["mesh_checks_total"]);
    }

    [Fact]
    public async Task An_ejection_for_failed_checks_survives_a_restart_and_ends_by_checks_after_it()
    {
        var checker = new FakeChecker();
        var first = await Start(checker, 2);
        checker.Fails(100);
        for (var i = 0; i < 3; i++)
        {
            await Round(first, 2);
        }

        await first.Becomes("e0", HealthStatus.Ejected);
        await first.DisposeAsync();
        await using var mesh = await TestMesh.Start(first.Storage, first.Time, checker: checker);
        mesh.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(HealthStatus.Ejected, await mesh.Status("e0"));
        checker.Passes(100);
        await Round(mesh, 2);
        await Round(mesh, 2);
        await mesh.Becomes("e0", HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_policy_with_checks_reaches_the_endpoints_in_moments_and_so_does_its_end()
    {
        var checker = new FakeChecker();
        await using var mesh = await Start(checker, 2);
        Assert.NotNull((await mesh.Endpoint("e1").Get())!.Checks);
        checker.Fails(100);
        for (var i = 0; i < 3; i++)
        {
            await Round(mesh, 2);
        }

        await mesh.Becomes("e0", HealthStatus.Ejected);
        var since = mesh.Time.GetUtcNow();
        await PolicyTests.Policy(mesh, "checks").Delete(null);
        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(TimeSpan.FromMilliseconds(100));
                return await mesh.Status("e0") == HealthStatus.Probing;
            },
            "nobody waits for checks any more");
        Assert.InRange(mesh.Time.GetUtcNow() - since, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Null((await mesh.Endpoint("e0").Get())!.Checks);
    }

    [Fact]
    public async Task A_service_without_requests_is_checked_more_rarely()
    {
        var checker = new FakeChecker();
        await using var mesh = await Start(checker, 1);
        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(5));
                return (await mesh.Endpoint("e0").Get())!.Checks!.Idle;
            },
            "it is known that nobody asks");
        var before = checker.Asked(100);
        for (var i = 0; i < 24; i++)
        {
            mesh.Time.Advance(TimeSpan.FromSeconds(5));
            await mesh.Endpoint("e0").Get();
        }

        Assert.InRange(checker.Asked(100) - before, 1, 3);
    }

    private static async Task<TestMesh> Start(FakeChecker checker, int endpoints)
    {
        var mesh = await TestMesh.Start(checker: checker);
        for (var i = 0; i < endpoints; i++)
        {
            await mesh.Service().Register(TestMesh.Registration($"e{i}") with { Port = 100 + i });
        }

        Assert.Empty((await PolicyTests.Policy(mesh, "checks").Put(Document, null, dryRun: false)).Problems);
        mesh.Time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < endpoints; i++)
        {
            await Eventually.True(async () => (await mesh.Endpoint($"e{i}").Get())!.Checks is not null, "the policy has arrived");
        }

        return mesh;
    }

    /// <summary>One check of each endpoint, and its result taken.</summary>
    private static async Task Round(TestMesh mesh, int endpoints)
    {
        var since = mesh.Time.GetUtcNow();
        mesh.Time.Advance(Interval);
        for (var i = 0; i < endpoints; i++)
        {
            await Eventually.True(async () => (await mesh.Endpoint($"e{i}").Get())!.Checks is { UnderWay: false, Ended: { } ended } && ended > since, $"e{i} is checked");
        }
    }
}
