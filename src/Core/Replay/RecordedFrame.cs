using System.Collections.Immutable;
using Mesh.Core.Outliers;

namespace Mesh.Core.Replay;

/// <summary>What was recorded of a service at one moment: who joined or left, and what proxies saw.</summary>
/// <param name="At">When it arrived, by the service's clock, which all times in it are of.</param>
/// <param name="Members">Endpoints that are new or different since the frame before; in the first frame of a block all of them.</param>
/// <param name="Left">Ids of endpoints that are gone since the frame before.</param>
/// <param name="Observations">What was seen, at most once of each endpoint.</param>
public sealed record RecordedFrame(
    DateTimeOffset At, ImmutableArray<RecordedMember> Members, ImmutableArray<string> Left, ImmutableArray<EndpointObservation> Observations)
{
    /// <summary>By content.</summary>
    public bool Equals(RecordedFrame? other) =>
        other is not null && At == other.At && Members.SequenceEqual(other.Members) && Left.SequenceEqual(other.Left)
        && Observations.SequenceEqual(other.Observations);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(At, Members.Length, Left.Length, Observations.Length);
}

/// <summary>An endpoint as far as a replay must know it.</summary>
/// <param name="Id">Unique within the service.</param>
/// <param name="Weight">As registered.</param>
/// <param name="Serving">False while it drains or its lease has run out: then it gets no requests, and no verdict concerns it.</param>
/// <param name="Locality">Where it runs.</param>
public sealed record RecordedMember(string Id, int Weight, bool Serving, Locality Locality);

/// <summary>A stretch of a recording, complete in itself.</summary>
/// <param name="From">When its first frame was recorded.</param>
/// <param name="To">When its last frame was recorded.</param>
/// <param name="Frames">How many frames it holds.</param>
/// <param name="Data">The frames, as <see cref="FrameCodec"/> writes them.</param>
public sealed record ReportBlock(DateTimeOffset From, DateTimeOffset To, int Frames, ReadOnlyMemory<byte> Data);
