using System.Collections.Immutable;
using System.Globalization;
using Mesh.Simulation.Queues;

namespace Mesh.Bench.Verdicts;

/// <summary>Point 4: of eight endpoints one falls to a third of its speed and one to half of its capacity, under three ways of balancing.</summary>
internal sealed class UnequalBackends : IVerdictPoint
{
    private const double Load = 0.7;
    private static readonly int[] Fleets = [10, 100];
    private static readonly double[] Loads = [0.3, 0.5, 0.7, 0.85];

    public int Number => 4;

    public string Title => string.Create(
        CultureInfo.InvariantCulture,
        $"Of 8 endpoints with 4 workers each, one falls to a third of its speed and one loses half of its workers; {Load:0 %} = {Load * QueueExperiment.Capacity:0} requests/s");

    public Task<VerdictOutcome> Run(VerdictContext context)
    {
        var seeds = context.Quick ? 3 : 20;
        var rows = new List<VerdictRow>();
        foreach (var proxies in Fleets)
        {
            var (roundRobin, leastRequest) = (Of(Balancing.RoundRobin), Of(Balancing.LeastRequest));
            rows.Add(Row($"{proxies} proxies, round robin", roundRobin));
            rows.Add(Row($"{proxies} proxies, least request", leastRequest));
            foreach (var balancing in (Balancing[])[Balancing.AdaptiveLeastRequest, Balancing.AdaptiveRoundRobin])
            {
                var adaptive = Of(balancing);
                rows.Add(Row($"{proxies} proxies, {QueueTable.Name(balancing)}", adaptive));
                rows.Add(Below("  p99 over that of round robin", Times(adaptive, roundRobin), 0.5, "at most 0.5 in each run"));
                rows.Add(Below("  p99 over that of least request", Times(adaptive, leastRequest), 1, "below 1 in each run"));
                if (balancing == Balancing.AdaptiveLeastRequest)
                {
                    var settled = adaptive.Select(row => row.Settling!.Seconds).ToList();
                    rows.Add(new("  weights settled after the change", Seeds.Of(settled, " s", "0"), "median at most 10 s", Spread.Of(settled).Median <= 10));
                    var swings = adaptive.Select(row => (double)row.Settling!.Swings).ToList();
                    rows.Add(new("  turns of a weight by more than 15 %, all 8 endpoints", Seeds.Of(swings), "median at most 1", Spread.Of(swings).Median <= 1));
                }
            }

            QueueRow[] Of(Balancing balancing) => Seeds.Each(context.Seed, seeds, seed => QueueExperiment.Run((int)seed, balancing, proxies, Load));
        }

        var shown = QueueExperiment.Run((int)context.Seed, Balancing.AdaptiveLeastRequest, 10, Load);
        return Task.FromResult(new VerdictOutcome(rows)
        {
            Charts =
            [
                new(string.Create(CultureInfo.InvariantCulture, $"4. Weights in percent; two endpoints get worse at second {QueueExperiment.ChangeAt}"), "s", "%",
                [
                    new("a third of the speed", Factors(shown, factors => factors[0])),
                    new("half of the workers", Factors(shown, factors => factors[1])),
                    new("the others, on average", Factors(shown, factors => factors.Skip(2).Average())),
                ]),
                new("4. Mean response time", "s", "ms",
                [
                    .. new[] { Balancing.RoundRobin, Balancing.LeastRequest, Balancing.AdaptiveLeastRequest }.Select(balancing => new Series(
                        QueueTable.Name(balancing), Mean(balancing == shown.Balancing ? shown : QueueExperiment.Run((int)context.Seed, balancing, 10, Load)))),
                ]),
            ],
            Notes = [.. Fleets.SelectMany(proxies => Loads.Select(load => Sweep((int)context.Seed, proxies, load)))],
        });
    }

    private static VerdictRow Row(string name, QueueRow[] rows) => new($"{name}: p50, p99, errors", string.Create(
        CultureInfo.InvariantCulture, $"{Median(rows, row => row.P50):0} ms, {Median(rows, row => row.P99):0} ms, {Median(rows, row => row.ErrorPercent):0.0} %"));

    private static VerdictRow Below(string name, double[] ratios, double most, string requirement) =>
        new(name, Seeds.Of(ratios), requirement, ratios.All(ratio => ratio <= most));

    private static double[] Times(QueueRow[] ours, QueueRow[] theirs) => [.. ours.Zip(theirs, (a, b) => a.P99 / b.P99)];

    private static double Median(QueueRow[] rows, Func<QueueRow, double> figure) => Spread.Of(rows.Select(figure)).Median;

    private static string Sweep(int seed, int proxies, double load)
    {
        var p99 = Enum.GetValues<Balancing>().Select(balancing => QueueExperiment.Run(seed, balancing, proxies, load))
            .Select(row => string.Create(CultureInfo.InvariantCulture, $"{QueueTable.Name(row.Balancing)} {row.P99:0} ms{(row.ErrorPercent >= 0.05 ? $" and {row.ErrorPercent:0.0} % errors" : "")}"));
        return string.Create(CultureInfo.InvariantCulture, $"p99 with {proxies} proxies at {load:0 %}: {string.Join(", ", p99)}");
    }

    private static IReadOnlyList<(double, double)> Factors(QueueRow row, Func<ImmutableArray<double>, double> of) =>
        [.. row.Series.Factors.Select((factors, step) => (step + 1.0, of(factors)))];

    private static IReadOnlyList<(double, double)> Mean(QueueRow row) => [.. row.Series.MeanMilliseconds.Select((mean, second) => ((double)second, mean))];
}
