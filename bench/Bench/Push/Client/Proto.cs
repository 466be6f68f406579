using System.Text;

namespace Mesh.Bench.Push.Client;

/// <summary>Reads a protobuf message field by field where it lies: nothing is copied, nothing allocated.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Its value where it has a length; empty otherwise.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Its value where it is a varint; 0 otherwise.</summary>
    public ulong Number { get; private set; }

    /// <summary>Steps to the next field.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)(tag >> 3);
        Bytes = default;
        Number = 0;
        switch (tag & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                _rest = _rest[8..];
                break;
            case 2:
                var length = (int)Varint();
                Bytes = _rest[..length];
                _rest = _rest[length..];
                break;
            case 5:
                _rest = _rest[4..];
                break;
            default:
                throw new InvalidDataException($"This is no protobuf: a field of wire type {tag & 7}.");
        }

        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("This is no protobuf: a number without an end.");
    }
}

/// <summary>Writes what a request consists of: fields with a length.</summary>
internal static class ProtoWriter
{
    public static void Add(List<byte> into, int field, ReadOnlySpan<byte> value)
    {
        into.Add((byte)(field << 3 | 2));
        for (var length = value.Length; ; length >>= 7)
        {
            into.Add((byte)(length < 0x80 ? length : length & 0x7f | 0x80));
            if (length < 0x80)
            {
                break;
            }
        }

        into.AddRange(value);
    }

    public static void Add(List<byte> into, int field, string value) => Add(into, field, Encoding.UTF8.GetBytes(value));

    /// <summary>The same for a value below 128 bytes, into a span.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int AddShort(Span<byte> into, int field, ReadOnlySpan<byte> value)
    {
        if (value.Length > 127)
        {
            throw new InvalidDataException($"A nonce or a version of {value.Length} bytes is more than this client repeats.");
        }

        into[0] = (byte)(field << 3 | 2);
        into[1] = (byte)value.Length;
        value.CopyTo(into[2..]);
        return value.Length + 2;
    }
}
