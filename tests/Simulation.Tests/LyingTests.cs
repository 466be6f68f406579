using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Simulation.Experiments;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Tests;

/// <summary>
/// A proxy that lies alone is believed: to doubt the only one that reports failures would be to wait, and whoever sends most of the requests is often the only
/// one. So is one whose way to an endpoint is broken, if it sends so much that the endpoint stands out by it. These are the bounds that hold for what it can do.
/// </summary>
public sealed class LyingTests
{
    public static TheoryData<string> Lies { get; } = ["one failure at a time", "five in a row", "a thousand in a row", "absurd figures", "no lie: it cannot get there"];

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_liar_ejects_no_more_than_the_budget_and_the_evidence_names_it_alone(string lie)
    {
        var policy = TrafficPolicy.Default;
        var result = new LyingSetup
        {
            Policy = policy,
            Lie = key => lie switch
            {
                "one failure at a time" => new InventedFailures(key, 1),
                "five in a row" => new InventedFailures(key, 5),
                "a thousand in a row" => new InventedFailures(key, 1000),
                "absurd figures" => new AbsurdFigures(),
                _ => new NoWayThere(key),
            },
        }.Run(1);
        Assert.NotEmpty(result.Evidence.Ejections);
        Assert.InRange(result.MostOut, 1, policy.OutlierDetection.MaxEjectionPercent * 20 / 100);
        foreach (var entry in result.Evidence.Ejections)
        {
            Assert.Equal([new EvidenceSource(LyingSetup.Liar, entry.Evidence!.Count)], entry.Evidence.Sources);
        }
    }
}
