using System.Buffers.Binary;
using System.Text;

namespace Mesh.Core.Replay;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. Whatever else it is given ends in a <see cref="FormatException"/>.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly List<string> _texts = [];
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public static FormatException Malformed() => new("This is not a recording of this version.");

    public ulong Unsigned()
    {
        var value = 0UL;
        for (var i = 0; i < 10 && i < _rest.Length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw Malformed();
    }

    public long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>How many of something follow, each of which takes a byte at least.</summary>
    public int Count()
    {
        var value = Unsigned();
        return value <= (ulong)_rest.Length ? (int)value : throw Malformed();
    }

    public double Seconds()
    {
        var micros = Unsigned();
        return micros > 0 ? (micros - 1) / 1e6 : BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
    }

    public string Text()
    {
        var number = Unsigned();
        if (number > 0)
        {
            return number <= (ulong)_texts.Count ? _texts[(int)number - 1] : throw Malformed();
        }

        var text = Encoding.UTF8.GetString(Take(Count()));
        _texts.Add(text);
        return text;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Malformed();
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
