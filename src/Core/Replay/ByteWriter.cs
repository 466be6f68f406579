using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mesh.Core.Replay;

/// <summary>Writes small numbers small: 7 bits to a byte, as Protocol Buffers do, and texts once.</summary>
internal sealed class ByteWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public int Length => _bytes.WrittenCount;

    /// <summary>A number that is never negative.</summary>
    public void Unsigned(ulong value)
    {
        var span = _bytes.GetSpan(10);
        var i = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[i++] = (byte)(value | 0x80);
        }

        span[i++] = (byte)value;
        _bytes.Advance(i);
    }

    /// <summary>A number of either sign: those near to zero are short.</summary>
    public void Signed(long value) => Unsigned((ulong)(value << 1) ^ (ulong)(value >> 63));

    /// <summary>Seconds. Whole microseconds, which the recorder rounds to, are short; anything else takes nine bytes.</summary>
    public void Seconds(double value)
    {
        var micros = Math.Round(value * 1e6);
        if (micros is >= 0 and < 1L << 52 && BitConverter.DoubleToInt64Bits(micros / 1e6) == BitConverter.DoubleToInt64Bits(value))
        {
            Unsigned((ulong)micros + 1);
            return;
        }

        Unsigned(0);
        BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
    }

    /// <summary>A text: whole the first time, then its number.</summary>
    public void Text(string text)
    {
        if (_texts.TryGetValue(text, out var known))
        {
            Unsigned((ulong)known);
            return;
        }

        _texts.Add(text, _texts.Count + 1);
        Unsigned(0);
        var length = Encoding.UTF8.GetByteCount(text);
        Unsigned((ulong)length);
        Encoding.UTF8.GetBytes(text, _bytes.GetSpan(length));
        _bytes.Advance(length);
    }
}
