using System.Globalization;
using Mesh.Simulation.Experiments;

namespace Mesh.Bench.Verdicts;

/// <summary>Point 3: most endpoints fail together.</summary>
internal sealed class CorrelatedFailure : IVerdictPoint
{
    public int Number => 3;

    public string Title => "12 of 20 endpoints fail every request for 2 min; at most 10 % may be ejected";

    public Task<VerdictOutcome> Run(VerdictContext context)
    {
        var seeds = context.Quick ? 2 : 20;
        var setup = new CorrelatedSetup { Policy = OneFails.Policy };
        var mesh = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: false));
        var each = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: true));
        for (var i = 0; i < seeds; i++)
        {
            context.Keep($"3, seed {context.Seed + (ulong)i}", mesh[i].Evidence);
        }

        return Task.FromResult(new VerdictOutcome(
        [
            new("most endpoints out at any one proxy, mesh-wide", Seeds.Of(mesh.Select(run => (double)run.OfOne)), $"at most {setup.Budget}", mesh.All(run => run.OfOne <= setup.Budget)),
            new("most endpoints out at the union of all proxies, mesh-wide", Seeds.Of(mesh.Select(run => (double)run.Union)), $"at most {setup.Budget}", mesh.All(run => run.Union <= setup.Budget)),
            new("  how long beyond the budget, while a version is on its way", Seeds.Of(mesh.Select(run => run.Beyond.TotalMilliseconds), " ms")),
            new("most endpoints out at the union, each proxy for itself", Seeds.Of(each.Select(run => (double)run.Union)), $"more than {setup.Budget}", each.All(run => run.Union > setup.Budget)),
            new("  how long beyond the budget", string.Create(CultureInfo.InvariantCulture, $"{Seeds.Of(each.Select(run => run.Beyond.TotalSeconds), " s", "0.0")} of {setup.Length.TotalSeconds:0} s")),
        ])
        {
            Charts =
            [
                new("3. Endpoints out at the union of all proxies, 12 of 20 failing", "s", "endpoints",
                [
                    new("each proxy for itself", [.. each[0].Curve.Select(p => (p.Seconds, p.Union))]),
                    new("mesh-wide", [.. mesh[0].Curve.Select(p => (p.Seconds, p.Union))]),
                    new("the budget", [(0, setup.Budget), (setup.Length.TotalSeconds, setup.Budget)]),
                ]),
            ],
        });
    }
}
