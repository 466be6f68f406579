using System.Collections.Immutable;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;

namespace Mesh.Core.Replay;

/// <summary>One observation in bytes: a set of bits says which members differ from nothing, and only those follow.</summary>
internal static class ObservationCodec
{
    [Flags]
    private enum Parts
    {
        Succeeded = 1,
        Failed = 1 << 1,
        GatewayFailed = 1 << 2,
        LocalOriginFailed = 1 << 3,
        Tail = 1 << 4,
        GatewayTail = 1 << 5,
        LocalTail = 1 << 6,
        LastSuccess = 1 << 7,
        RunBegan = 1 << 8,
        Statuses = 1 << 9,
        Latency = 1 << 10,
        InFlight = 1 << 11,
        Sources = 1 << 12,
    }

    public static void Write(ByteWriter bytes, EndpointObservation seen, DateTimeOffset at)
    {
        bytes.Text(seen.EndpointId);
        bytes.Unsigned((ulong)PartsOf(seen));
        Unless0(bytes, seen.Succeeded);
        Unless0(bytes, seen.Failed);
        Unless0(bytes, seen.GatewayFailed);
        Unless0(bytes, seen.LocalOriginFailed);
        IfAny(bytes, seen.TrailingFailures);
        IfAny(bytes, seen.TrailingGatewayFailures);
        IfAny(bytes, seen.TrailingLocalOriginFailures);
        IfAny(bytes, (seen.LastSuccess - at)?.Ticks);
        IfAny(bytes, (seen.RunBegan - at)?.Ticks);
        if (seen.Statuses != default)
        {
            bytes.Signed(seen.Statuses.Ok);
            bytes.Signed(seen.Statuses.Redirected);
            bytes.Signed(seen.Statuses.ClientErrors);
            bytes.Signed(seen.Statuses.ServerErrors);
        }

        if (seen.Latency is { } latency)
        {
            Write(bytes, latency);
        }

        if (seen.InFlightSeconds != 0)
        {
            bytes.Seconds(seen.InFlightSeconds);
        }

        if (!seen.Sources.IsDefaultOrEmpty)
        {
            Write(bytes, seen.Sources);
        }
    }

    public static EndpointObservation Read(ref ByteReader bytes, DateTimeOffset at)
    {
        var id = bytes.Text();
        var parts = (Parts)bytes.Unsigned();
        return new EndpointObservation
        {
            EndpointId = id,
            Succeeded = parts.HasFlag(Parts.Succeeded) ? bytes.Signed() : 0,
            Failed = parts.HasFlag(Parts.Failed) ? bytes.Signed() : 0,
            GatewayFailed = parts.HasFlag(Parts.GatewayFailed) ? bytes.Signed() : 0,
            LocalOriginFailed = parts.HasFlag(Parts.LocalOriginFailed) ? bytes.Signed() : 0,
            TrailingFailures = parts.HasFlag(Parts.Tail) ? bytes.Signed() : null,
            TrailingGatewayFailures = parts.HasFlag(Parts.GatewayTail) ? bytes.Signed() : null,
            TrailingLocalOriginFailures = parts.HasFlag(Parts.LocalTail) ? bytes.Signed() : null,
            LastSuccess = parts.HasFlag(Parts.LastSuccess) ? FrameCodec.Later(at, bytes.Signed()) : null,
            RunBegan = parts.HasFlag(Parts.RunBegan) ? FrameCodec.Later(at, bytes.Signed()) : null,
            Statuses = parts.HasFlag(Parts.Statuses) ? new(bytes.Signed(), bytes.Signed(), bytes.Signed(), bytes.Signed()) : default,
            Latency = parts.HasFlag(Parts.Latency) ? ReadLatency(ref bytes) : null,
            InFlightSeconds = parts.HasFlag(Parts.InFlight) ? bytes.Seconds() : 0,
            Sources = parts.HasFlag(Parts.Sources) ? ReadSources(ref bytes) : [],
        };
    }

    private static Parts PartsOf(EndpointObservation seen) =>
        When(seen.Succeeded != 0, Parts.Succeeded) | When(seen.Failed != 0, Parts.Failed)
        | When(seen.GatewayFailed != 0, Parts.GatewayFailed) | When(seen.LocalOriginFailed != 0, Parts.LocalOriginFailed)
        | When(seen.TrailingFailures is not null, Parts.Tail) | When(seen.TrailingGatewayFailures is not null, Parts.GatewayTail)
        | When(seen.TrailingLocalOriginFailures is not null, Parts.LocalTail) | When(seen.LastSuccess is not null, Parts.LastSuccess)
        | When(seen.RunBegan is not null, Parts.RunBegan) | When(seen.Statuses != default, Parts.Statuses)
        | When(seen.Latency is not null, Parts.Latency) | When(seen.InFlightSeconds != 0, Parts.InFlight)
        | When(!seen.Sources.IsDefaultOrEmpty, Parts.Sources);

    private static Parts When(bool there, Parts part) => there ? part : 0;

    private static void Unless0(ByteWriter bytes, long value)
    {
        if (value != 0)
        {
            bytes.Signed(value);
        }
    }

    private static void IfAny(ByteWriter bytes, long? value)
    {
        if (value is { } known)
        {
            bytes.Signed(known);
        }
    }

    private static void Write(ByteWriter bytes, LatencySketch latency)
    {
        bytes.Unsigned((ulong)latency.Counts.Length);
        var before = 0;
        foreach (var (bucket, count) in latency.Counts)
        {
            bytes.Signed(bucket - before);
            bytes.Signed(count);
            before = bucket;
        }

        bytes.Seconds(latency.SumSeconds);
    }

    private static LatencySketch ReadLatency(ref ByteReader bytes)
    {
        var counts = ImmutableArray.CreateBuilder<LatencyBucket>(bytes.Count());
        var bucket = 0L;
        for (var i = 0; i < counts.Capacity; i++)
        {
            bucket += bytes.Signed();
            counts.Add(new(bucket is >= 0 and < LatencySketch.Buckets ? (int)bucket : throw ByteReader.Malformed(), bytes.Signed()));
        }

        return new(counts.MoveToImmutable(), bytes.Seconds());
    }

    private static void Write(ByteWriter bytes, ImmutableArray<ReportSource> sources)
    {
        bytes.Unsigned((ulong)sources.Length);
        foreach (var (proxy, failed, run) in sources)
        {
            bytes.Text(proxy);
            bytes.Signed(failed);
            bytes.Signed(run.Consecutive5xx);
            bytes.Signed(run.ConsecutiveGatewayFailure);
            bytes.Signed(run.ConsecutiveLocalOriginFailure);
        }
    }

    private static ImmutableArray<ReportSource> ReadSources(ref ByteReader bytes)
    {
        var sources = ImmutableArray.CreateBuilder<ReportSource>(bytes.Count());
        for (var i = 0; i < sources.Capacity; i++)
        {
            sources.Add(new(bytes.Text(), bytes.Signed(), new(bytes.Signed(), bytes.Signed(), bytes.Signed())));
        }

        return sources.MoveToImmutable();
    }
}
