using Mesh.Contracts;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Core.Verdicts;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>The grains against the same service in one object: whatever comes, both say the same.</summary>
public class ServiceModelTests
{
    private static readonly TrafficPolicy Policy = new()
    {
        OutlierDetection = new() { MaxEjectionPercent = 40, EnforcingFailurePercentage = 100, BaseEjectionTime = TimeSpan.FromSeconds(5), Interval = TimeSpan.FromSeconds(4) },
        Source = "DestinationRule/shop/cart@1",
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_grains_and_the_model_agree_after_each_step(int seed)
    {
        // No upkeep: it would find that there is no such document.
        await using var mesh = await TestMesh.Start(settings: new() { LookAgain = TimeSpan.FromHours(1) });
        var model = new ServiceModel(TestMesh.Cart, 1);
        var random = new Random(seed);
        await mesh.Service().BindPolicy(new("DestinationRule", "shop", "cart"), 1, Policy);
        model.Bind(Policy, mesh.Time.GetUtcNow());
        for (var i = 0; i < 10; i++)
        {
            await mesh.Register($"e{i}");
            model.Register(new() { Id = $"e{i}", Address = "10.0.0.1", Port = 8080 }, mesh.Time.GetUtcNow());
        }

        var done = new List<string>();
        for (var step = 0; step < 120; step++)
        {
            // The ledger takes two entries of one kind at the same moment for one.
            await Pass(mesh, model, mesh.Time.GetUtcNow() + TimeSpan.FromMilliseconds(1));
            done.Add(await Step(mesh, model, random));
            await Agree(mesh, model, () => string.Join("; ", done.TakeLast(6)));
        }

        var page = await mesh.Grains.GetGrain<ILedgerGrain>(TestMesh.Cart.ToString()).Read(new LedgerQuery { OldestFirst = true, Limit = LedgerQuery.MostEntries });
        var (expected, told) = (Told(model.TakeLedger()), Told(page.Entries));
        Assert.Empty(expected.Except(told));
        Assert.Empty(told.Except(expected));
    }

    private static async Task<string> Step(TestMesh mesh, ServiceModel model, Random random)
    {
        var id = $"e{random.Next(10)}";
        switch (random.Next(10))
        {
            case 0:
                await mesh.Service().Drain(id);
                model.Drain(id, mesh.Time.GetUtcNow());
                return $"drain {id}";
            case 1:
                await mesh.Service().Restore(id);
                model.Restore(id, mesh.Time.GetUtcNow());
                return $"restore {id}";
            case 2 or 3:
                // Odd times, so that nothing is due at the same moment as something else.
                var until = mesh.Time.GetUtcNow() + TimeSpan.FromMilliseconds(random.Next(500, 2500));
                while (model.NextWake is { } wake && wake < until)
                {
                    await Pass(mesh, model, wake);
                }

                await Pass(mesh, model, until);
                return "wait";
            default:
                var report = new ServiceReport { Service = TestMesh.Cart, Reporter = "test", Observations = [.. Enumerable.Range(0, 10).Select(i => Observe(i, random))] };
                await mesh.Service().Report(report);
                model.Report(report, mesh.Time.GetUtcNow(), () => 0);
                return "report";
        }
    }

    /// <summary>The first endpoints are ill for a while, now and then one fails altogether, and the rest are well.</summary>
    private static EndpointObservation Observe(int endpoint, Random random)
    {
        var rate = endpoint < 3 && random.Next(3) > 0 ? 0.4 : random.Next(40) == 0 ? 1 : 0.01;
        var failed = Enumerable.Range(0, 30).Count(_ => random.NextDouble() < rate);
        return new()
        {
            EndpointId = $"e{endpoint}",
            Succeeded = 30 - failed,
            Failed = failed,
            TrailingFailures = failed == 30 ? 30 : random.Next(0, Math.Min(failed, 3) + 1),
            Sources = failed == 0 ? [] : [new("p1", failed, FailureRuns.None)],
        };
    }

    private static async Task Agree(TestMesh mesh, ServiceModel model, Func<string>? after = null)
    {
        var differs = "";
        try
        {
            await Eventually.True(
                async () => (differs = Difference(await mesh.Snapshot(), model.Snapshot)).Length == 0, "the grains and the model agree");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"After {after?.Invoke()} the grains and the model differ: {differs}");
        }
    }

    private static async Task Pass(TestMesh mesh, ServiceModel model, DateTimeOffset until)
    {
        mesh.Time.Advance(until - mesh.Time.GetUtcNow());
        model.Elapse(until, () => 0);
        await Agree(mesh, model);
    }

    private static string Difference(ServiceSnapshot grains, ServiceSnapshot model) => string.Join("; ", grains.Endpoints.Zip(model.Endpoints)
        .Select(pair => (Picture(pair.First), Picture(pair.Second)))
        .Where(pair => pair.Item1 != pair.Item2)
        .Select(pair => $"[{pair.Item1}] and [{pair.Item2}]"));

    private static string Picture(EndpointSnapshot endpoint) =>
        $"{endpoint.Id} {endpoint.Status} {endpoint.EjectedUntil:mm:ss.fff} x{endpoint.EjectionMultiplier} {endpoint.Reason} {endpoint.Weight}";

    private static string[] Told(IEnumerable<LedgerEntry> entries) =>
        [.. entries.Select(entry => $"{entry.At:mm:ss} {entry.Kind} {entry.EndpointId} {entry.Reason} {entry.Tally} {entry.Evidence?.Count}/{entry.Evidence?.Threshold} {entry.Policy}").Order(StringComparer.Ordinal)];
}
