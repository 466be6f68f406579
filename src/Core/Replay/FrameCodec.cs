using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using Mesh.Core.Outliers;

namespace Mesh.Core.Replay;

/// <summary>
/// Frames in bytes: times as differences, numbers in 7-bit groups, names once, all of it through Brotli. A frame of a quiet endpoint takes some
/// ten bytes.
/// <para>Rejected: JSON through Brotli (three times the size and ten times the time), and a library's format (Core stands on the BCL alone).</para>
/// </summary>
public static class FrameCodec
{
    /// <summary>The most that one block may unfold to, in bytes; a block that says more is not read.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private const byte Version = 1;
    private const int Quality = 4;
    private const int Window = 18;

    /// <summary>Writes frames.</summary>
    public static ReadOnlyMemory<byte> Encode(IEnumerable<RecordedFrame> frames)
    {
        var bytes = new ByteWriter();
        var before = DateTimeOffset.UnixEpoch;
        foreach (var frame in frames)
        {
            Write(bytes, frame, ref before);
        }

        return Pack(bytes);
    }

    /// <summary>Reads frames.</summary>
    /// <exception cref="FormatException">These bytes are not what <see cref="Encode"/> writes.</exception>
    public static ImmutableArray<RecordedFrame> Decode(ReadOnlyMemory<byte> packed)
    {
        var bytes = new ByteReader(Unpack(packed.Span));
        var frames = ImmutableArray.CreateBuilder<RecordedFrame>();
        var before = DateTimeOffset.UnixEpoch;
        while (!bytes.AtEnd)
        {
            frames.Add(Read(ref bytes, ref before));
        }

        return frames.DrainToImmutable();
    }

    internal static void Write(ByteWriter bytes, RecordedFrame frame, ref DateTimeOffset before)
    {
        bytes.Signed((frame.At - before).Ticks);
        before = frame.At;
        bytes.Unsigned((ulong)frame.Members.Length);
        foreach (var member in frame.Members)
        {
            bytes.Text(member.Id);
            bytes.Signed(member.Weight);
            bytes.Unsigned(member.Serving ? 1UL : 0);
            bytes.Text(member.Locality.Region);
            bytes.Text(member.Locality.Zone);
            bytes.Text(member.Locality.SubZone);
        }

        bytes.Unsigned((ulong)frame.Left.Length);
        foreach (var id in frame.Left)
        {
            bytes.Text(id);
        }

        bytes.Unsigned((ulong)frame.Observations.Length);
        foreach (var seen in frame.Observations)
        {
            ObservationCodec.Write(bytes, seen, frame.At);
        }
    }

    internal static ReadOnlyMemory<byte> Pack(ByteWriter bytes)
    {
        var packed = new byte[5 + BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        packed[0] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(1), bytes.Length);
        return BrotliEncoder.TryCompress(bytes.Written, packed.AsSpan(5), out var written, Quality, Window)
            ? packed.AsMemory(0, 5 + written)
            : throw new InvalidOperationException("Brotli needs more room than it says.");
    }

    internal static DateTimeOffset Later(DateTimeOffset at, long ticks)
    {
        var sum = (Int128)at.UtcTicks + ticks;
        return sum >= 0 && sum <= DateTimeOffset.MaxValue.UtcTicks ? new((long)sum, TimeSpan.Zero) : throw ByteReader.Malformed();
    }

    private static byte[] Unpack(ReadOnlySpan<byte> packed)
    {
        if (packed.Length < 5 || packed[0] != Version || BinaryPrimitives.ReadInt32LittleEndian(packed[1..]) is not (>= 0 and <= MostBytes and var length))
        {
            throw ByteReader.Malformed();
        }

        var bytes = new byte[length];
        return BrotliDecoder.TryDecompress(packed[5..], bytes, out var written) && written == bytes.Length ? bytes : throw ByteReader.Malformed();
    }

    private static RecordedFrame Read(ref ByteReader bytes, ref DateTimeOffset before)
    {
        before = Later(before, bytes.Signed());
        var members = ImmutableArray.CreateBuilder<RecordedMember>(bytes.Count());
        for (var i = 0; i < members.Capacity; i++)
        {
            members.Add(new(bytes.Text(), (int)bytes.Signed(), bytes.Unsigned() != 0, new(bytes.Text(), bytes.Text(), bytes.Text())));
        }

        var left = ImmutableArray.CreateBuilder<string>(bytes.Count());
        for (var i = 0; i < left.Capacity; i++)
        {
            left.Add(bytes.Text());
        }

        var observations = ImmutableArray.CreateBuilder<EndpointObservation>(bytes.Count());
        for (var i = 0; i < observations.Capacity; i++)
        {
            observations.Add(ObservationCodec.Read(ref bytes, before));
        }

        return new(before, members.MoveToImmutable(), left.MoveToImmutable(), observations.MoveToImmutable());
    }
}
