using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Replay;
using Xunit;

namespace Mesh.Core.Tests.Replay;

public class FrameCodecTests
{
    private static readonly Gen<long> Number = Gen.Frequency(
        (6, Gen.Choose(0, 200).Select(n => (long)n)), (1, Gen.Elements(long.MinValue, -1L, long.MaxValue, 127L, 128L, 1L << 35)));

    private static readonly Gen<long?> Perhaps = Gen.Frequency((1, Gen.Constant((long?)null)), (1, Number.Select(n => (long?)n)));

    private static readonly Gen<string> Name = Gen.Elements("", "a", "b", "10.0.0.1:8080", "Grüße", new string('x', 200));

    private static readonly Gen<double> Seconds = Gen.Elements(
        0, 0.000001, 0.25, 1234.567891, 1.0 / 3, -1, -0.0, double.MaxValue, double.Epsilon, double.PositiveInfinity, double.NaN, 9e9);

    private static readonly Gen<DateTimeOffset> Time = Gen.Frequency(
        (5, Gen.Choose(-100_000, 100_000).Select(ms => Given.At(ms / 1000.0))),
        (1, Gen.Elements(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch, Given.Start + TimeSpan.FromTicks(1))));

    private static readonly Gen<DateTimeOffset?> PerhapsTime = Gen.Frequency((1, Gen.Constant((DateTimeOffset?)null)), (1, Time.Select(t => (DateTimeOffset?)t)));

    private static readonly Gen<LatencySketch?> Latency =
        from counts in Gen.Choose(1, 1000).ListOf().Resize(12)
        from first in Gen.Choose(0, 40)
        from step in Gen.Choose(1, 3)
        from sum in Seconds
        from known in Gen.Elements(true, false)
        select known ? new LatencySketch([.. counts.Select((count, i) => new LatencyBucket(first + i * step, count))], sum) : null;

    private static readonly Gen<ImmutableArray<ReportSource>> Sources =
        (from proxy in Name
         from failed in Number
         from run in Number
         select new ReportSource(proxy, failed, new(run, failed, 0))).ListOf().Resize(3).Select(sources => sources.ToImmutableArray());

    private static readonly Gen<EndpointObservation> Observation =
        from id in Name
        from counts in Number.ArrayOf(8)
        from tails in Perhaps.ArrayOf(3)
        from last in PerhapsTime
        from began in PerhapsTime
        from latency in Latency
        from inFlight in Seconds
        from sources in Sources
        from plain in Gen.Elements(true, false)
        select plain ? new EndpointObservation { EndpointId = id, Succeeded = counts[0] } : new EndpointObservation
        {
            EndpointId = id,
            Succeeded = counts[0],
            Failed = counts[1],
            GatewayFailed = counts[2],
            LocalOriginFailed = counts[3],
            TrailingFailures = tails[0],
            TrailingGatewayFailures = tails[1],
            TrailingLocalOriginFailures = tails[2],
            LastSuccess = last,
            RunBegan = began,
            Statuses = new(counts[4], counts[5], counts[6], counts[7]),
            Latency = latency,
            InFlightSeconds = inFlight,
            Sources = sources,
        };

    private static readonly Gen<RecordedFrame> Frame =
        from at in Time
        from members in (from id in Name
                         from weight in Gen.Choose(-5, 1000)
                         from serving in Gen.Elements(true, false)
                         from zone in Name
                         select new RecordedMember(id, weight, serving, new(zone, "", id))).ListOf().Resize(4)
        from left in Name.ListOf().Resize(3)
        from seen in Observation.ListOf().Resize(5)
        select new RecordedFrame(at, [.. members], [.. left], [.. seen]);

    [Fact]
    public void What_is_decoded_is_what_was_encoded() => Properties.Hold(
        Frame.ListOf().Resize(8), frames =>
        {
            var decoded = FrameCodec.Decode(FrameCodec.Encode(frames));
            Assert.Equal(frames, decoded);
            Assert.Equal(frames.Select(frame => frame.GetHashCode()), decoded.Select(frame => frame.GetHashCode()));
        });

    [Fact]
    public void Frames_that_differ_in_anything_are_different()
    {
        var frame = new RecordedFrame(Given.Start, [new("a", 1, true, Locality.Unknown)], ["b"], [Given.Failures(1)]);
        Assert.False(frame.Equals(null));
        Assert.NotEqual(frame, frame with { At = Given.At(1) });
        Assert.NotEqual(frame, frame with { Members = [] });
        Assert.NotEqual(frame, frame with { Left = [] });
        Assert.NotEqual(frame, frame with { Observations = [] });
    }

    [Fact]
    public void Nothing_is_nothing() => Assert.Empty(FrameCodec.Decode(FrameCodec.Encode([])));

    [Fact]
    public void An_endpoint_that_serves_takes_a_few_bytes_for_each_frame()
    {
        var frames = Enumerable.Range(0, 360).Select(i => new RecordedFrame(
            Given.At(10 * i), [], [],
            [.. Enumerable.Range(0, 20).Select(e => new EndpointObservation { EndpointId = $"10.0.0.{e}:8080", Succeeded = 1000 + (i * 7919 + e * 104729) % 97 })])).ToList();

        Assert.InRange(FrameCodec.Encode(frames).Length, 1, 360 * 20 * 4);
    }

    [Fact]
    public void Any_other_bytes_are_refused_and_never_crash() => Properties.Hold(
        from frames in Frame.ListOf().Resize(4)
        from place in Gen.Choose(0, int.MaxValue)
        from change in Gen.Choose(0, 255)
        select (frames, place, change),
        input =>
        {
            var bytes = FrameCodec.Encode(input.frames).ToArray();
            bytes[input.place % bytes.Length] ^= (byte)input.change;
            try
            {
                FrameCodec.Decode(bytes);
            }
            catch (FormatException)
            {
            }
        });

    [Fact]
    public void Truncated_bytes_are_refused()
    {
        var bytes = FrameCodec.Encode([new(Given.Start, [], [], [Given.Failures(3)])]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => FrameCodec.Decode(bytes[..length]));
        }

        var other = bytes.ToArray();
        other[0] = 2;
        Assert.Throws<FormatException>(() => FrameCodec.Decode(other));
        other = bytes.ToArray();
        other[4] = 0x7F;
        Assert.Throws<FormatException>(() => FrameCodec.Decode(other));
    }

    [Fact]
    public void Raw_bytes_that_say_more_than_there_is_are_refused()
    {
        Refuse([0x80]);
        Refuse([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
        Refuse([0, 5]);
        Refuse([0, 0, 1, 1]);
        Refuse([0, 0, 1, 0, 9]);
        // A time beyond the end of time.
        Refuse([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]);
        // A latency bucket that does not exist.
        Refuse([0, 0, 0, 1, 0, 1, (byte)'a', 0x80, 0x08, 1, 0xAA, 0x01, 2, 1]);
        // Eight bytes of seconds, cut off.
        Refuse([0, 0, 0, 1, 0, 1, (byte)'a', 0x80, 0x10, 0, 1, 2]);

        static void Refuse(byte[] raw)
        {
            Assert.Throws<FormatException>(() => FrameCodec.Decode(Packed(raw)));
        }
    }

    private static byte[] Packed(byte[] raw)
    {
        var packed = new byte[100];
        Assert.True(System.IO.Compression.BrotliEncoder.TryCompress(raw, packed.AsSpan(5), out var written));
        packed[0] = 1;
        packed[1] = (byte)raw.Length;
        return packed[..(5 + written)];
    }
}
