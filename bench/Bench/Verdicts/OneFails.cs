using System.Globalization;
using Mesh.Core.Policies;
using Mesh.Simulation.Experiments;

namespace Mesh.Bench.Verdicts;

/// <summary>Point 1: one endpoint fails every request.</summary>
internal sealed class OneFails : IVerdictPoint
{
    /// <summary>At most this share of the requests that per-proxy detection fails.</summary>
    private const double MostOfPerProxy = 1.0 / 20;

    public int Number => 1;

    public string Title => "One endpoint of 20 fails every request; 100 proxies, 2,000 requests/s in all, default policy";

    /// <summary>Both ways of detection pick at random, so that they meet the same traffic.</summary>
    internal static TrafficPolicy Policy { get; } = TrafficPolicy.Default with { LoadBalancer = LoadBalancerAlgorithm.Random };

    public Task<VerdictOutcome> Run(VerdictContext context)
    {
        var seeds = context.Quick ? 4 : 40;
        var setup = new DetectionSetup { Policy = Policy };
        var mesh = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: false));
        var each = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: true));
        for (var i = 0; i < seeds; i++)
        {
            context.Keep($"1, seed {context.Seed + (ulong)i}", mesh[i].Evidence);
        }

        var worst = (double)mesh.Max(run => run.Failed) / each.Min(run => run.Failed);
        var gone = mesh.Concat(each).All(run => run.Gone is not null);
        return Task.FromResult(new VerdictOutcome(
        [
            new("failed requests until it is gone everywhere, mesh-wide", Seeds.Of(mesh.Select(run => (double)run.Failed))),
            new("failed requests until it is gone everywhere, each proxy for itself", Seeds.Of(each.Select(run => (double)run.Failed))),
            new("the worst of the one over the best of the other",
                string.Create(CultureInfo.InvariantCulture, $"1/{1 / worst:0} (over {seeds} seeds)"), "at most 1/20", gone && worst <= MostOfPerProxy),
            new("time until it is gone everywhere, mesh-wide", Seeds.Of(mesh.Where(run => run.Gone is not null).Select(run => run.Gone!.Value.TotalMilliseconds), " ms", "0")),
            new("time until it is gone everywhere, each proxy for itself", Seeds.Of(each.Where(run => run.Gone is not null).Select(run => run.Gone!.Value.TotalMilliseconds), " ms", "0")),
            new("ejections of others", $"{mesh.Sum(run => run.Others)} mesh-wide, {each.Sum(run => run.Others)} per proxy", "none", mesh.Sum(run => run.Others) == 0),
        ])
        {
            Charts =
            [
                new("1. Failed requests since one endpoint of 20 began to fail", "s", "failed requests",
                    [new("each proxy for itself", [.. each[0].Curve.Select(p => (p.Seconds, p.Failed))]), new("mesh-wide", Held(mesh[0].Curve, each[0].Curve))]),
            ],
        });
    }

    /// <summary>A shorter run goes on as it ended.</summary>
    private static (double, double)[] Held(IReadOnlyList<(double Seconds, double Failed)> curve, IReadOnlyList<(double Seconds, double Failed)> longer) =>
        [.. curve.Select(p => (p.Seconds, p.Failed)), (longer[^1].Seconds, curve[^1].Failed)];
}
