using System.Text.Json;
using Mesh.Simulation.Command;

namespace Mesh.Simulation.Tests;

public sealed class SimulateCommandTests
{
    [Fact]
    public void Help_says_how_it_is_used()
    {
        var (code, output, _) = Run("--help");
        Assert.Equal(0, code);
        Assert.StartsWith("usage: ./mesh simulate", output, StringComparison.Ordinal);
        Assert.Contains("IgnoresBudget", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_that_breaks_a_rule_prints_itself_the_rule_the_time_and_the_command_that_replays_it()
    {
        var (code, output, _) = Run("--seed", "3", "--minutes=0.1", "--plant", "FollowsBackwards");
        Assert.Equal(1, code);
        Assert.Contains("BROKEN  seed 3 at 0.0", output, StringComparison.Ordinal);
        Assert.Contains("versions only grow", output, StringComparison.Ordinal);
        Assert.Contains("silo: serves from epoch 1", output, StringComparison.Ordinal);
        Assert.Contains("./mesh simulate --seed 3 --minutes 0.1 --plant FollowsBackwards", output, StringComparison.Ordinal);
        Assert.Contains("BROKEN by 1 of 1 seeds", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_is_one_object()
    {
        var (code, output, _) = Run("--seed", "1", "--seeds", "2", "--minutes", "0.2", "--json");
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(0, code);
        Assert.Equal((1, 2), (json.GetProperty("firstSeed").GetInt32(), json.GetProperty("seeds").GetInt32()));
        Assert.Equal(0, json.GetProperty("broken").GetArrayLength());
        Assert.True(json.GetProperty("requests").GetInt64() > 0);
    }

    [Fact]
    public void A_story_of_a_cluster_replays_by_its_own_command()
    {
        var (code, output, errors) = Run("--seed", "2", "--story", "kill", "--silos=3", "--minutes", "0.5", "--plant", "NoEpochs");
        Assert.Equal(Seeds.HasCluster ? 1 : 2, code);
        Assert.Contains(
            Seeds.HasCluster ? "./mesh simulate --seed 2 --minutes 0.5 --story kill --silos 3 --plant NoEpochs" : "Embedded edition", Seeds.HasCluster ? output : errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--story", "boredom")]
    [InlineData("--silos", "0")]
    [InlineData("--plant", "NoEtags")]
    [InlineData("--seed")]
    [InlineData("--seed", "-1")]
    [InlineData("--minutes", "0")]
    [InlineData("--plant", "Nothing")]
    [InlineData("--plant", "99")]
    [InlineData("--wrong", "1")]
    public void What_cannot_be_understood_is_said_and_nothing_runs(params string[] arguments)
    {
        var (code, output, errors) = Run(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(arguments[0], errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_seed_one_is_taken_and_printed()
    {
        var (code, output, _) = Run("--minutes", "0.05", "--verbose");
        Assert.Equal(0, code);
        Assert.Contains("(from the clock)", output, StringComparison.Ordinal);
        Assert.Contains("all faults have ended", output, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using StringWriter output = new(), errors = new();
        var code = SimulateCommand.Run(arguments, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
