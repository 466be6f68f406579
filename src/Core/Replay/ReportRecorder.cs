using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;

namespace Mesh.Core.Replay;

/// <summary>
/// Keeps what proxies saw of one service so that it can be judged again: by another policy, later.
/// <para>
/// Think of a camera that takes a frame only when something moves. Where failures stand out, reports are kept as they came, because order and moment
/// decide verdicts. Quiet times are added up, endpoint by endpoint, and kept once in a while; when failures come, what was seen
/// before is put in front, so that for each endpoint the order is as it was, and no count is lost. Quiet is what has at most
/// <see cref="NoisePercent"/> % failures and does not end with one: at a mesh's usual one in a hundred nothing moves.
/// </para>
/// <para>
/// Rejected: keeping reports as they come (nine tenths of the bytes would say that all is well), and keeping sums for each interval of the
/// policy in force (a replay is about policies that were not in force).
/// </para>
/// </summary>
/// <remarks>It has no clock and no lock; its owner passes times and lets one caller in at a time.</remarks>
/// <param name="quiet">How far apart frames of nothing but successes are.</param>
/// <param name="blockBytes">From how many bytes on, before compression, a block is full.</param>
public sealed class ReportRecorder(TimeSpan quiet, int blockBytes)
{
    /// <summary>Up to this share of failures, in percent, nothing is worth a frame of its own.</summary>
    public const int NoisePercent = 5;

    private readonly SortedDictionary<string, EndpointObservation> _quiet = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecordedMember> _members = new(StringComparer.Ordinal);
    private ServiceSnapshot? _seen;
    private DateTimeOffset? _quietSince;
    private ByteWriter? _bytes;
    private DateTimeOffset _from;
    private DateTimeOffset _to;
    private int _frames;

    /// <summary>Whether a block is so large that it should be taken now.</summary>
    public bool IsFull => _bytes?.Length >= blockBytes;

    /// <summary>Takes a report.</summary>
    /// <param name="observations">What was seen, with times by the service's clock (<see cref="ServiceReport.ReceivedAt"/>).</param>
    /// <param name="snapshot">The service as it is; null when it is not known.</param>
    /// <param name="now">The time.</param>
    public void Add(IEnumerable<EndpointObservation> observations, ServiceSnapshot? snapshot, DateTimeOffset now)
    {
        Look(snapshot, now);
        List<EndpointObservation>? before = null;
        List<EndpointObservation>? failing = null;
        foreach (var observation in observations)
        {
            var seen = Round(observation);
            var earlier = _quiet.GetValueOrDefault(seen.EndpointId);
            var sum = earlier is null ? seen : ObservationMerger.Merge(earlier, seen);
            if (IsQuiet(seen, sum))
            {
                _quiet[seen.EndpointId] = sum;
                continue;
            }

            (failing ??= []).Add(seen);
            if (earlier is not null)
            {
                _quiet.Remove(seen.EndpointId);
                (before ??= []).Add(earlier);
            }
        }

        Write(before, now);
        Write(failing, now);
        _quietSince ??= now;
        if (now - _quietSince >= quiet || now < _quietSince)
        {
            Settle(now);
        }
    }

    /// <summary>Takes what was recorded since this was last called; null when that is nothing.</summary>
    /// <param name="now">The time.</param>
    /// <param name="all">Also what is still being added up; otherwise that waits for its frame.</param>
    public ReportBlock? Take(DateTimeOffset now, bool all = false)
    {
        if (all)
        {
            Settle(now);
        }

        if (_bytes is null)
        {
            return null;
        }

        var block = new ReportBlock(_from, _to, _frames, FrameCodec.Pack(_bytes));
        _bytes = null;
        return block;
    }

    private static bool IsQuiet(EndpointObservation seen, EndpointObservation sum) =>
        seen.Failed <= 0
        || (seen is { Succeeded: > 0, TrailingFailures: null or 0 } && (Int128)sum.Failed * 100 <= NoisePercent * ((Int128)sum.Succeeded + sum.Failed));

    /// <summary>Notes who is there. What is different goes into the next frame, so that a service without traffic records nothing.</summary>
    private void Look(ServiceSnapshot? snapshot, DateTimeOffset now)
    {
        if (snapshot is null || ReferenceEquals(snapshot, _seen))
        {
            return;
        }

        _seen = snapshot;
        var members = snapshot.Endpoints.Select(MemberOf).ToDictionary(member => member.Id, StringComparer.Ordinal);
        var changed = members.Values.Where(member => !(_members.TryGetValue(member.Id, out var known) && known == member)).ToImmutableArray();
        var left = _members.Keys.Where(id => !members.ContainsKey(id)).Order(StringComparer.Ordinal).ToImmutableArray();
        foreach (var id in left)
        {
            _members.Remove(id);
        }

        foreach (var member in changed)
        {
            _members[member.Id] = member;
        }

        if (_bytes is not null && changed.Length + left.Length > 0)
        {
            Write(new RecordedFrame(now, changed, left, []));
        }
    }

    private static RecordedMember MemberOf(EndpointSnapshot endpoint) => new(
        endpoint.Id, endpoint.ConfiguredWeight, endpoint.Status is not (HealthStatus.Draining or HealthStatus.Expired), endpoint.Locality);

    private void Settle(DateTimeOffset now)
    {
        if (_quiet.Count > 0)
        {
            Write([.. _quiet.Values], now);
            _quiet.Clear();
        }

        _quietSince = null;
    }

    private void Write(List<EndpointObservation>? observations, DateTimeOffset now)
    {
        if (observations is not null)
        {
            Write(new RecordedFrame(now, [], [], [.. observations]));
        }
    }

    private void Write(RecordedFrame frame)
    {
        if (_bytes is null)
        {
            // A block stands for itself: it begins with all who are there.
            (_bytes, _frames, _from, _to) = (new ByteWriter(), 0, frame.At, DateTimeOffset.UnixEpoch);
            frame = frame with { Members = [.. _members.Values.OrderBy(member => member.Id, StringComparer.Ordinal)] };
        }

        FrameCodec.Write(_bytes, frame, ref _to);
        _frames++;
    }

    /// <summary>Times to the microsecond: more takes three times the room, and nobody measures it.</summary>
    private static EndpointObservation Round(EndpointObservation seen) => seen with
    {
        InFlightSeconds = Micros(seen.InFlightSeconds),
        Latency = seen.Latency is { } latency ? new LatencySketch(latency.Counts, Micros(latency.SumSeconds)) : null,
    };

    private static double Micros(double seconds) => Math.Round(seconds * 1e6) / 1e6;
}
