using System.Text;

namespace Mesh.Xds.Encoding;

/// <summary>The little of protobuf's encoding that is needed to find the fields of a message without making objects of them.</summary>
internal static class WireScanner
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text that these bytes are; null when they are no UTF-8.</summary>
    public static string? Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Reads the length of a length-delimited field; false when it is no length, or more than there is.</summary>
    public static bool TryReadLength(ref ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        // 28 bits: no message that is taken at all is longer.
        for (var i = 0; i < 4 && i < bytes.Length; i++)
        {
            length |= (bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return length <= bytes.Length;
            }
        }

        return false;
    }
}
