using Mesh.Contracts;

namespace Mesh.Grains;

/// <summary>What the grains can be told. The defaults are for production.</summary>
public sealed record GrainSettings
{
    /// <summary>How many endpoints one service may have.</summary>
    public int EndpointsPerService { get; init; } = MeshLimits.EndpointsPerService;

    /// <summary>How often a service looks at each of its endpoints again, so that a lost hint costs only time.</summary>
    public TimeSpan LookAgain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many endpoints all services of a process look at again in a second, about; with more of them the period grows.</summary>
    public int LooksPerSecond { get; init; } = 1000;

    /// <summary>How many endpoints a look takes at a time; a larger service looks in several portions, spread over the period.</summary>
    public int LookPortion { get; init; } = 200;

    /// <summary>How many active checks this process has under way at once; what is beyond is skipped, and counted.</summary>
    public int ChecksUnderWay { get; init; } = 1000;

    /// <summary>How long after the last request a service counts as one that nobody sends requests.</summary>
    public TimeSpan TrafficFades { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a service that wakes takes its endpoints over from any activation that may live on elsewhere: needed where there are several silos.</summary>
    public bool TakeOver { get; init; }

    /// <summary>How many calls to endpoints a service has under way at once.</summary>
    public int FanOut { get; init; } = 64;

    /// <summary>How long reports are kept for replays; zero keeps none.</summary>
    public TimeSpan ReportArchive { get; init; } = MeshLimits.ReportArchive;

    /// <summary>Bytes of one service's archive, about; the oldest makes room.</summary>
    public int ReportArchiveBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How often what was recorded is brought to the archive: a crash loses no more than this.</summary>
    public TimeSpan ReportArchiveFlush { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often at most weights that follow the load are written down, so that a restart goes on from about where they were.</summary>
    public TimeSpan SaveWeights { get; init; } = TimeSpan.FromSeconds(10);
}
