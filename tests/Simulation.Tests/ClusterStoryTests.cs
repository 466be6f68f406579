#if !CLUSTER
using System.Globalization;
using Mesh.Simulation.Cluster;
using Mesh.Simulation.Cluster.Stories;
using Mesh.Simulation.Command;

namespace Mesh.Simulation.Tests;

/// <summary><c>MESH_SEED=7</c> begins at another seed, <c>MESH_CASES=1000</c> runs so many of each story.</summary>
public sealed class ClusterStoryTests
{
    public static TheoryData<StoryKind> Stories { get; } = [.. Enum.GetValues<StoryKind>()];

    public static TheoryData<ClusterBug> Bugs { get; } = [.. Enum.GetValues<ClusterBug>().Where(bug => bug != ClusterBug.None)];

    [Theory]
    [MemberData(nameof(Stories))]
    public void Whatever_happens_to_silos_no_rule_is_broken_and_everything_heals(StoryKind story)
    {
        var campaign = new Campaign(new SimulateOptions { Seeds = (int)Setting("MESH_CASES", 6), Minutes = 0.5, Story = story }, (ulong)Setting("MESH_SEED", 1));
        campaign.Run(null, null);
        using var text = new StringWriter();
        Summary.Write(campaign, text);
        Assert.True(campaign.Broken.Count == 0, text.ToString());
        // Nothing having happened would be no proof.
        Assert.True(campaign.Sum.Faults > 5 * campaign.Done, text.ToString());
        Assert.True(campaign.Sum.Commands > 20 * campaign.Done, text.ToString());
        Assert.True(campaign.Sum.Ejections > campaign.Done, text.ToString());
        if (story is StoryKind.Freeze or StoryKind.Split)
        {
            Assert.True(campaign.Sum.Duplicates > campaign.Done, text.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_is_found(ClusterBug bug)
    {
        var (story, minutes) = bug switch
        {
            ClusterBug.NoEtags or ClusterBug.DeadGoOn => (StoryKind.Freeze, 0.5),
            ClusterBug.NoTakeOver => (StoryKind.Split, 1),
            ClusterBug.NoOperationIds => (StoryKind.Stores, 0.5),
            _ => (StoryKind.Kill, 0.5),
        };
        var campaign = new Campaign(new SimulateOptions { Seeds = 60, Minutes = minutes, Story = story, PlantInCluster = bug }, 1);
        campaign.Run(null, null);
        Assert.NotEmpty(campaign.Broken);
    }

    [Fact]
    public void The_same_seed_is_the_same_run_event_by_event()
    {
        List<string> first = [], second = [];
        ClusterRun.Of(StoryKind.Storm, 3, 7, TimeSpan.FromSeconds(20), first.Add);
        ClusterRun.Of(StoryKind.Storm, 3, 7, TimeSpan.FromSeconds(20), second.Add);
        Assert.Equal(first, second);
        Assert.True(first.Count > 50, "Hardly anything happened.");
    }

    private static long Setting(string name, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
#endif
