using System.Globalization;
using System.Text.Json;
using Mesh.Local.Stories;

namespace Mesh.Cluster.Tests;

/// <summary>
/// Each breaks a cluster at work in one way, and holds what is there afterwards against what was promised. MESH_STORY_TIMES says how often it happens (1), MESH_STORY_SEED
/// what is random in it, and MESH_STORY_JSON a file that gets a line of figures for each.
/// </summary>
[Collection("one cluster at a time")]
public class StoryTests
{
    [Story]
    public Task Nothing_happens_under_load_and_nothing_is_lost() => Kept("load");

    [Story]
    public Task A_killed_silo_costs_no_write_no_request_and_no_verdict() => Kept("kill");

    [Story]
    public Task A_silo_that_stood_still_heals_without_a_hand() => Kept("freeze");

    [Story]
    public Task A_silo_that_was_cut_off_heals_without_a_hand() => Kept("cut");

    [Story]
    public Task Two_silos_that_do_not_reach_each_other_never_split_a_verdict() => Kept("part");

    [Story]
    public Task A_killed_Redis_costs_time_and_nothing_else() => Kept("redis");

    [Story]
    public Task A_killed_PostgreSQL_costs_nothing_that_runs() => Kept("postgres");

    [Story]
    public Task A_silo_that_starts_without_PostgreSQL_waits_and_joins() => Kept("join");

    [Story]
    public Task A_rolling_restart_refuses_nobody() => Kept("roll");

    private static async Task Kept(string name)
    {
        Assert.SkipWhen(await Story.Trouble(name) is not null, await Story.Trouble(name) ?? "");
        var output = TestContext.Current.TestOutputHelper;
        var folder = Story.NewFolder();
        var result = await Story.Tell(
            name,
            new StoryOptions
            {
                Folder = folder,
                Times = Setting("MESH_STORY_TIMES", 1),
                Seed = Setting("MESH_STORY_SEED", 1),
                Said = text => output?.WriteLine($"{DateTime.UtcNow:HH:mm:ss.f} {text}"),
            },
            TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("MESH_STORY_JSON") is { Length: > 0 } file)
        {
            await File.AppendAllTextAsync(file, JsonSerializer.Serialize(result) + "\n");
        }

        Assert.True(result.Kept, $"{string.Join('\n', result.Problems)}\ndata and logs: {folder}");
        Assert.True(result.Figures["commands"] > 0 && result.Figures["requests between services"] > 0, "Nothing was at work.");
        Directory.Delete(folder, recursive: true);
    }

    private static int Setting(string name, int standard) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : standard;
}
