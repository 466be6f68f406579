using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Orleans;

namespace Mesh.Contracts;

/// <summary>
/// One silo, as it is asked for news and described to operators; its key is the silo's address, as in <see cref="SiloMember.Address"/>. It lives on that silo and
/// nowhere else: when it is woken on another one, because its own is dead or not known there yet, it answers null and goes again.
/// </summary>
[Alias("mesh.ISiloGrain")]
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>
    /// What has changed in the services and catalog shards that live on this silo; null when this is not the silo that was asked for. It costs by what has changed.
    /// </summary>
    [Alias("News")]
    Task<SiloNews?> News(SiloNewsRequest request);

    /// <summary>What there is to say of it; null when this is not the silo that was asked for.</summary>
    [Alias("Describe")]
    Task<SiloView?> Describe();
}

/// <summary>How far a reader of a silo's news has come.</summary>
public sealed record SiloNewsRequest
{
    /// <summary>The mark of the last page it had; null for everything.</summary>
    public SiloNewsMark? Since { get; init; }

    /// <summary>Entries at most in an answer; 1 to 10,000, and what is beyond counts as that.</summary>
    public int Limit { get; init; } = 1_000;
}

/// <summary>A place in a silo's news. A reader keeps it and hands it back; it does not look inside.</summary>
/// <param name="Log">Which log: another one after each start of the silo.</param>
/// <param name="From">Where the present reading of everything began: of what left the silo before this the reader need not be told.</param>
/// <param name="After">The number of the last entry that it had.</param>
public sealed record SiloNewsMark(string Log, long From, long After);

/// <summary>A page of a silo's news.</summary>
public sealed record SiloNews
{
    /// <summary>What to hand back for the next page.</summary>
    public required SiloNewsMark Next { get; init; }

    /// <summary>Whether this begins a reading of everything: what the reader held to be on this silo and is not told again is not there any more.</summary>
    public required bool Anew { get; init; }

    /// <summary>Whether there is another page already.</summary>
    public required bool More { get; init; }

    /// <summary>Services, each with what is newest, oldest change first.</summary>
    public required ImmutableArray<ServiceNews> Services { get; init; }

    /// <summary>Shards of the catalog, in the same way.</summary>
    public required ImmutableArray<ShardNews> Shards { get; init; }
}

/// <summary>The newest of a service on a silo.</summary>
/// <param name="Service">Which.</param>
/// <param name="Version">Of its snapshot: at least this. Its epoch tells one activation from another.</param>
/// <param name="Here">Whether it is on this silo; false when it has left, or was taken down.</param>
public sealed record ServiceNews(ServiceId Service, SnapshotVersion Version, bool Here);

/// <summary>The newest of a shard of the catalog on a silo.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Version">At least this.</param>
/// <param name="Activation">Tells one activation on this silo from another.</param>
/// <param name="Here">As in <see cref="ServiceNews.Here"/>.</param>
public sealed record ShardNews(int Shard, long Version, long Activation, bool Here);

/// <summary>A silo, for operators.</summary>
public sealed record SiloView
{
    /// <summary>As its operator named it.</summary>
    public required string Name { get; init; }

    /// <summary>As in <see cref="SiloMember.Address"/>.</summary>
    public required string Address { get; init; }

    /// <summary>Of the program.</summary>
    public required string Version { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Where it stands, by its own account.</summary>
    public required SiloState State { get; init; }

    /// <summary>How many grains of each kind are awake on it, by the kind's name such as <c>service</c>; kinds with none are left out.</summary>
    public required ImmutableSortedDictionary<string, int> Grains { get; init; }

    /// <summary>What it uses.</summary>
    public required SiloFigures Figures { get; init; }
}

/// <summary>What a silo's process uses.</summary>
public sealed record SiloFigures
{
    /// <summary>Resident memory in bytes.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>Of it, the managed heap, in bytes.</summary>
    public required long HeapBytes { get; init; }

    /// <summary>Processor time since the start.</summary>
    public required TimeSpan ProcessorTime { get; init; }

    /// <summary>Processors in use on average since it was last asked, at least a second ago; 1.5 is one and a half.</summary>
    public required double ProcessorsUsed { get; init; }

    /// <summary>Processors that it may use.</summary>
    public required int Processors { get; init; }

    /// <summary>Work that waits for a thread.</summary>
    public required long QueuedWork { get; init; }
}
