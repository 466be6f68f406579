using System.Globalization;

namespace Mesh.Bench.Verdicts;

/// <summary>Point 6: what the control plane's own checks cost; `./mesh bench checks` with its defaults.</summary>
internal sealed class ActiveChecks : IVerdictPoint
{
    private const int Endpoints = 2000;
    private const int Interval = 5;
    private const double MostOfACore = 10;

    public int Number => 6;

    public string Title => string.Create(CultureInfo.InvariantCulture, $"Active checks of {Endpoints:#,0} endpoints every {Interval} s, by a control plane of its own process");

    public async Task<VerdictOutcome> Run(VerdictContext context)
    {
        context.Say("checks: some minutes, with checks and without in turns");
        var rounds = new List<ChecksScenario.Round>();
        await foreach (var round in ChecksScenario.Measure(context.Silo, Endpoints, services: 20, Interval, context.Quick ? 10 : 60, context.Quick ? 1 : 2))
        {
            rounds.Add(round);
        }

        var cost = rounds.Select(round => round.With - round.Without).ToList();
        var wanted = (double)Endpoints / Interval;
        return new VerdictOutcome(
        [
            new("CPU of the control plane that checks cost", Seeds.Of(cost, " % of a core"), "less than 10 %", cost.Max() < MostOfACore),
            new("checks made in a second", Seeds.Of(rounds.Select(round => round.ChecksPerSecond)), "400, within 5 %", rounds.All(round => Math.Abs(round.ChecksPerSecond - wanted) < wanted / 20)),
            new("of these failed", Seeds.Of(rounds.Select(round => (double)round.Failed)), "none", rounds.All(round => round.Failed == 0)),
        ]);
    }
}
