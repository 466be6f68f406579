using Mesh.Simulation.Experiments;

namespace Mesh.Bench.Verdicts;

/// <summary>Point 7: every ejection of the runs above can be explained by its ledger entry, and its figures add up and are true.</summary>
internal sealed class Explained : IVerdictPoint
{
    public int Number => 7;

    public string Title => "Every ejection is explained by its ledger entry, with figures that add up and are what happened";

    public Task<VerdictOutcome> Run(VerdictContext context)
    {
        if (!context.Evidence.Any())
        {
            Gather(context);
        }

        var runs = context.Evidence.ToList();
        var ejections = runs.Sum(run => run.Evidence.Ejections.Count);
        var flaws = runs.SelectMany(run => run.Evidence.Flaws.Select(flaw => $"{run.Run}: {flaw}")).ToList();
        var examples = runs.SelectMany(run => run.Evidence.Ejections).GroupBy(entry => entry.Evidence?.Detector)
            .OrderBy(group => group.Key).Select(group => ExplainText.Of(group.First()));
        return Task.FromResult(new VerdictOutcome(
        [
            new("ejections in these runs", $"{ejections} in {runs.Count} runs", "some", ejections > 0),
            new("without an entry that adds up and is true", $"{flaws.Count}", "none", flaws.Count == 0),
        ])
        {
            Notes = [.. flaws.Take(5).Select(flaw => $"not explained: {flaw}"), "as meshctl explain says it, one of each kind:", .. examples.Select(example => $"  {example}")],
        });
    }

    /// <summary>The runs, if only this point was asked for.</summary>
    private static void Gather(VerdictContext context)
    {
        var detection = new DetectionSetup { Policy = OneFails.Policy };
        for (var seed = context.Seed; seed < context.Seed + 5; seed++)
        {
            context.Keep($"1, seed {seed}", detection.Run(seed, perProxy: false).Evidence);
            context.Keep($"2, seed {seed}", (detection with { FailureRate = 0.3, BaseRate = 0.01 }).Run(seed, perProxy: false).Evidence);
            context.Keep($"3, seed {seed}", new CorrelatedSetup { Policy = OneFails.Policy }.Run(seed, perProxy: false).Evidence);
        }
    }
}
