using System.Buffers;
using System.Buffers.Binary;

namespace Mesh.Bench.Push.Client;

/// <summary>Finds gRPC's messages in the payloads of frames. A message that lies in one payload is not copied; one that is cut is put together.</summary>
internal sealed class Inbox
{
    private byte[] _message = [];
    private int _filled;

    /// <summary>Begins anew, on another connection.</summary>
    public void Open() => _filled = 0;

    /// <summary>Takes the next message.</summary>
    /// <param name="payload">Of a frame; what is left of it afterwards.</param>
    /// <param name="message">The message; good until the next call.</param>
    /// <returns>False when the payload ends before the message does.</returns>
    public bool Next(ref ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> message)
    {
        if (_filled == 0 && payload.Length >= Wire.MessagePrefix && payload.Length - Wire.MessagePrefix >= Length(payload))
        {
            message = payload.Slice(Wire.MessagePrefix, Length(payload));
            payload = payload[(Wire.MessagePrefix + message.Length)..];
            return true;
        }

        while (!payload.IsEmpty)
        {
            var whole = _filled < Wire.MessagePrefix ? Wire.MessagePrefix : Wire.MessagePrefix + Length(_message);
            var taken = Math.Min(whole - _filled, payload.Length);
            Grow(whole);
            payload[..taken].CopyTo(_message.AsSpan(_filled));
            _filled += taken;
            payload = payload[taken..];
            if (_filled >= Wire.MessagePrefix && _filled == Wire.MessagePrefix + Length(_message))
            {
                message = _message.AsSpan(Wire.MessagePrefix, _filled - Wire.MessagePrefix);
                _filled = 0;
                return true;
            }
        }

        message = default;
        return false;
    }

    /// <summary>Gives the room for a large message back when there is none under way: only a stream's first answers are large.</summary>
    public void Rest()
    {
        if (_filled == 0 && _message.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_message);
            _message = [];
        }
    }

    private void Grow(int size)
    {
        if (_message.Length >= size)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(size);
        _message.AsSpan(0, _filled).CopyTo(larger);
        if (_message.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_message);
        }

        _message = larger;
    }

    private static int Length(ReadOnlySpan<byte> prefix) => BinaryPrimitives.ReadInt32BigEndian(prefix[1..]);
}
