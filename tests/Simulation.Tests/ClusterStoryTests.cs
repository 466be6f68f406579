#if !CLUSTER
using Mesh.Simulation.Cluster;
using Mesh.Simulation.Cluster.Stories;
using Mesh.Simulation.Command;

namespace Mesh.Simulation.Tests;

public sealed class ClusterStoryTests
{
    [Theory]
    [InlineData(StoryKind.Kill)]
    [InlineData(StoryKind.Rolling)]
    public void Whatever_happens_to_silos_no_rule_is_broken_and_everything_heals(StoryKind story)
    {
        var campaign = new Campaign(new SimulateOptions { Seeds = 4, Minutes = 0.5, Story = story }, 1);
        campaign.Run(null, null);
        using var text = new StringWriter();
        Summary.Write(campaign, text);
        Assert.True(campaign.Broken.Count == 0, text.ToString());
        // Nothing having happened would be no proof.
        Assert.True(campaign.Sum.Lives > 3 * campaign.Done, text.ToString());
        Assert.True(campaign.Sum.Commands > 20 * campaign.Done, text.ToString());
        Assert.True(campaign.Sum.Ejections > campaign.Done, text.ToString());
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
}
#endif
