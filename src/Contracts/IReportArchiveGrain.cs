using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Replay;
using Orleans;

namespace Mesh.Contracts;

/// <summary>
/// What proxies reported of a service lately, kept for replays; its key is <see cref="ServiceId"/>'s text. It is bounded in time and in
/// bytes, and the oldest goes first.
/// </summary>
[Alias("mesh.IReportArchiveGrain")]
public interface IReportArchiveGrain : IGrainWithStringKey
{
    /// <summary>Keeps blocks; on disk when it returns. After a failure the caller may repeat it: a block that is there already is not kept twice.</summary>
    [Alias("Append")]
    Task Append(ImmutableArray<ReportBlock> blocks);

    /// <summary>The blocks that end at this time or later, oldest first.</summary>
    [Alias("Read")]
    Task<ImmutableArray<ReportBlock>> Read(DateTimeOffset since);

    /// <summary>Forgets everything: the service is gone.</summary>
    [Alias("Forget")]
    Task Forget();
}
