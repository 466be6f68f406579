using System.Globalization;
using Mesh.Simulation.Command;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Runs;

namespace Mesh.Simulation.Tests;

/// <summary><c>MESH_SEED=7</c> begins at another seed, <c>MESH_CASES=10000</c> runs more of them, as elsewhere.</summary>
public sealed class StormTests
{
    public static TheoryData<PlantedBug> Bugs { get; } = [.. Enum.GetValues<PlantedBug>().Where(bug => bug != PlantedBug.None)];

    [Fact]
    public void Whatever_goes_wrong_no_rule_is_broken_and_everything_heals()
    {
        var campaign = new Campaign(new SimulateOptions { Seeds = (int)Setting("MESH_CASES", 300), Minutes = 1 }, (ulong)Setting("MESH_SEED", 1));
        campaign.Run(null, null);
        using var text = new StringWriter();
        Summary.Write(campaign, text);
        Assert.True(campaign.Broken.Count == 0, text.ToString());
        // Nothing having happened would be no proof.
        Assert.True(campaign.Sum.Faults > 5 * campaign.Done, text.ToString());
        Assert.True(campaign.Sum.Ejections > 3 * campaign.Done, text.ToString());
        Assert.True(campaign.Sum.Lives > 2 * campaign.Done, text.ToString());
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_is_found(PlantedBug bug)
    {
        var campaign = new Campaign(new SimulateOptions { Seeds = 60, Minutes = 3, Plant = bug }, 1);
        campaign.Run(null, null);
        Assert.NotEmpty(campaign.Broken);
    }

    [Fact]
    public void The_same_seed_is_the_same_run_event_by_event()
    {
        List<string> first = [], second = [];
        var one = StormRun.Of(7, TimeSpan.FromMinutes(1), first.Add);
        var two = StormRun.Of(7, TimeSpan.FromMinutes(1), second.Add);
        Assert.Equal(first, second);
        Assert.Equal(one with { Journal = [] }, two with { Journal = [] });
        Assert.True(first.Count > 50, "Hardly anything happened.");
        Assert.NotEqual(one.Events, StormRun.Of(8, TimeSpan.FromMinutes(1)).Events);
    }

    private static long Setting(string name, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
