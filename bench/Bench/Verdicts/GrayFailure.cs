using System.Globalization;
using Mesh.Core.Outliers;
using Mesh.Simulation.Experiments;

namespace Mesh.Bench.Verdicts;

/// <summary>Point 2: one endpoint fails three requests of ten, and in a healthy mesh nobody is ejected.</summary>
internal sealed class GrayFailure : IVerdictPoint
{
    private const double Rate = 0.3;
    private const double BaseRate = 0.01;

    public int Number => 2;

    public string Title => "One endpoint of 20 fails 30 % of its requests, all others 1 %; as before";

    public Task<VerdictOutcome> Run(VerdictContext context)
    {
        var interval = OneFails.Policy.OutlierDetection.Interval;
        var setup = new DetectionSetup { Policy = OneFails.Policy, FailureRate = Rate, BaseRate = BaseRate };
        // The sequential test and the sweep alone: a run of five that hits the mesh by chance would be sooner, now and then.
        var statistical = setup with { Policy = setup.Policy with { OutlierDetection = setup.Policy.OutlierDetection with { Consecutive5xx = 0 } } };
        var seeds = context.Quick ? 6 : 100;
        var mesh = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: false));
        var sequential = Seeds.Each(context.Seed, seeds, seed => statistical.Run(seed, perProxy: false));
        var ten = setup with { Limit = TimeSpan.FromMinutes(10), ToTheLimit = true };
        var each = Seeds.Each(context.Seed, context.Quick ? 1 : 4, seed => ten.Run(seed, perProxy: true));
        var rates = Seeds.Each(
            context.Seed, context.Quick ? 1 : 4, seed => (ten with { Policy = statistical.Policy }).Run(seed, perProxy: true));
        context.Say("the healthy intervals take a minute or two");
        var (runs, intervals) = context.Quick ? (2, 10) : (10, 100);
        var healthy = Seeds.Each(context.Seed, runs, seed => new HealthySetup { Policy = OneFails.Policy, BaseRate = BaseRate, Intervals = intervals }.Run(seed));
        for (var i = 0; i < seeds; i++)
        {
            context.Keep($"2, seed {context.Seed + (ulong)i}", mesh[i].Evidence);
            context.Keep($"2 without runs, seed {context.Seed + (ulong)i}", sequential[i].Evidence);
        }

        var falseEjections = healthy.Sum(run => run.Evidence.Ejections.Count);
        return Task.FromResult(new VerdictOutcome(
        [
            .. Decided("all detectors", mesh, interval),
            .. Decided("without consecutive ones", sequential, interval),
            new("of these decided by the sequential test", $"{sequential.Count(run => run.Detector == OutlierDetector.Sequential)} of {seeds}", "sooner than the interval", Sooner(sequential, interval)),
            new("ejections of others", $"{mesh.Sum(run => run.Others) + sequential.Sum(run => run.Others)} in {2 * seeds} runs"),
            new("each proxy for itself, by rates and percentages, in 10 min", $"{rates.Sum(run => run.Ejections)} ejections", "never acts", rates.Sum(run => run.Ejections) == 0),
            new("each proxy for itself, by runs of five that chance makes", string.Create(CultureInfo.InvariantCulture, $"out for {100 * each.Average(run => run.TurnedAway):0.#} % of the time"), "never gone everywhere", each.All(run => run.Gone is null)),
            new("  failed requests in these 10 min", Seeds.Of(each.Select(run => (double)run.Failed))),
            new("false ejections in a healthy mesh at 1 % errors",
                string.Create(CultureInfo.InvariantCulture, $"{falseEjections} in {runs * intervals:#,0} intervals, {healthy.Sum(run => run.Requests) / 1e6:0.0} million requests"), "none", falseEjections == 0),
        ])
        {
            Charts =
            [
                new("2. Share of runs in which the endpoint that fails 30 % was ejected", "s", "% of runs",
                    [new("mesh-wide, all detectors", Share(mesh)), new("mesh-wide, without runs", Share(sequential))]),
            ],
            Notes = [.. healthy.SelectMany(run => run.Evidence.Ejections).Take(5).Select(entry => $"false ejection: {ExplainText.Of(entry)}")],
        });
    }

    private static VerdictRow[] Decided(string by, DetectionResult[] runs, TimeSpan interval)
    {
        var times = runs.Where(run => run.Decided is not null).Select(run => run.Decided!.Value.TotalSeconds).ToList();
        var spread = Spread.Of(times);
        var within = runs.Count(run => run.Decided <= interval);
        var detectors = runs.Where(run => run.Detector is not null).CountBy(run => run.Detector!.Value).OrderByDescending(d => d.Value).Select(d => $"{d.Key} {d.Value}");
        return
        [
            new($"first ejected after, {by}",
                string.Create(CultureInfo.InvariantCulture, $"median {spread.Median:0.00} s, p99 {spread.P99:0.00} s, max {spread.Max:0.00} s"),
                "within one interval (10 s)", within == runs.Length),
            new("  by", string.Join(", ", detectors)),
            new("  failed requests until it is gone everywhere", Seeds.Of(runs.Select(run => (double)run.Failed))),
        ];
    }

    private static bool Sooner(DetectionResult[] runs, TimeSpan interval) =>
        runs.Any(run => run.Detector == OutlierDetector.Sequential)
        && runs.Where(run => run.Detector == OutlierDetector.Sequential).All(run => run.Decided < interval);

    private static (double, double)[] Share(DetectionResult[] runs) =>
    [
        (0, 0),
        .. runs.Where(run => run.Decided is not null).Select(run => run.Decided!.Value.TotalSeconds).Order().Select((time, i) => (time, 100.0 * (i + 1) / runs.Length)),
    ];
}
