using System.Diagnostics;
using Mesh.Local.Network;
using Mesh.Local.Processes;
using Mesh.Local.Stores;

namespace Mesh.Local.Stories;

/// <summary>
/// What happens to a cluster at work, and what must be true afterwards, whatever it was: every acknowledged change is there, once; no request between
/// services failed; nobody who was taken out came back; the gateways' versions only grew, meant one thing, and are the same in the end.
/// </summary>
public static class Story
{
    /// <summary>The stories by name.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["load"] = "nothing happens but the load",
        ["kill"] = "a silo is killed with -9, another one each time",
        ["freeze"] = "a silo stands still for 10 s (SIGSTOP), and goes on",
        ["cut"] = "a silo's line is cut for 15 s, and mended (network namespaces)",
        ["part"] = "the line between two silos is cut for 15 s, and mended; both reach all else",
        ["redis"] = "Redis is killed with -9, and comes again after 5 s",
        ["postgres"] = "PostgreSQL is killed with -9, and comes again after 5 s",
        ["join"] = "PostgreSQL is away while a silo starts, which joins when it is back",
        ["roll"] = "all silos are restarted in order, one after the other (SIGTERM)",
    };

    /// <summary>Why a story cannot be told on this machine; null when it can.</summary>
    public static async Task<string?> Trouble(string name) =>
        !Edition.IsCluster ? "Only silos of the Cluster edition form a cluster."
        : StorePair.Trouble() is { } missing ? missing
        : name is "cut" or "part" ? await TrialNetwork.Trouble()
        : null;

    /// <summary>A new folder for stories; others may enter it, because PostgreSQL runs as somebody else when we are root.</summary>
    public static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-story-").FullName;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return folder;
    }

    /// <summary>Tells one.</summary>
    /// <exception cref="LocalClusterException">It could not be told to its end, which is as bad as a broken rule.</exception>
    public static async Task<StoryResult> Tell(string name, StoryOptions options, CancellationToken cancel)
    {
        if (await Trouble(name) is { } trouble)
        {
            throw new LocalClusterException(trouble);
        }

        Directory.CreateDirectory(options.Folder);
        await using var cluster = new LocalCluster(new LocalClusterOptions { Folder = options.Folder, Silos = options.Silos, Gateways = options.Gateways, Namespaces = name is "cut" or "part" });
        var result = await On(cluster, name, options, cancel);
        await cluster.Stop();
        return result;
    }

    private static async Task<StoryResult> On(LocalCluster cluster, string name, StoryOptions options, CancellationToken cancel)
    {
        await using var stage = new StoryStage(options, cluster);
        await stage.Set(cancel);
        var figures = new Dictionary<string, double>();
        var start = Stopwatch.GetTimestamp();
        await new Events(options, stage, figures).Happen(name, cancel);
        figures["seconds"] = Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1);
        var problems = await stage.Judge(cancel);
        foreach (var (key, value) in stage.Figures())
        {
            figures[key] = value;
        }

        return new StoryResult(name, problems, figures);
    }
}
