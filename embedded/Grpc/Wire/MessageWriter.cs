using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>
/// Frames messages into a pipe. When the serializer announces the length, its bytes go straight into the pipe's memory, so
/// a message that exists as bytes is copied once, into the socket's buffer, and never encoded. The count is checked: a
/// serializer that announces one length and writes another would shift every later frame.
/// </summary>
internal sealed class MessageWriter(PipeWriter output, int? maxSize) : SerializationContext, IBufferWriter<byte>
{
    private enum State
    {
        Idle,
        Started,
        Writing,
        Done,
    }

    private State state;
    private int announced;
    private int written;
    private ArrayBufferWriter<byte>? unknownLength;

    /// <summary>Puts one message into the pipe without flushing it.</summary>
    public void Write<T>(T message, Action<T, SerializationContext> serialize)
    {
        state = State.Started;
        announced = -1;
        written = 0;
        serialize(message, this);
        if (state != State.Done)
        {
            throw new InvalidOperationException("The serializer returned without calling Complete.");
        }
        state = State.Idle;
    }

    public override void SetPayloadLength(int payloadLength)
    {
        Expect(State.Started);
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        announced = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (state == State.Writing)
        {
            return this;
        }
        Expect(State.Started);
        state = State.Writing;
        if (announced >= 0)
        {
            WriteHeader(announced);
        }
        else
        {
            (unknownLength ??= new()).ResetWrittenCount();
        }
        return this;
    }

    public override void Complete(byte[] payload)
    {
        Expect(State.Started);
        WriteHeader(payload.Length);
        output.Write(payload);
        state = State.Done;
    }

    public override void Complete()
    {
        Expect(State.Writing);
        if (announced < 0)
        {
            WriteHeader(unknownLength!.WrittenCount);
            output.Write(unknownLength.WrittenSpan);
        }
        else if (written != announced)
        {
            throw new InvalidOperationException($"The serializer announced {announced} bytes and wrote {written}.");
        }
        state = State.Done;
    }

    public void Advance(int count)
    {
        written += count;
        if (announced >= 0)
        {
            output.Advance(count);
        }
        else
        {
            unknownLength!.Advance(count);
        }
    }

    public Memory<byte> GetMemory(int sizeHint = 0) =>
        announced >= 0 ? output.GetMemory(sizeHint) : unknownLength!.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) =>
        announced >= 0 ? output.GetSpan(sizeHint) : unknownLength!.GetSpan(sizeHint);

    private void WriteHeader(int length)
    {
        if (length > (maxSize ?? int.MaxValue))
        {
            throw new RpcException(
                new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));
        }
        var header = output.GetSpan(MessageReader.HeaderSize);
        header[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)length);
        output.Advance(MessageReader.HeaderSize);
    }

    private void Expect(State expected)
    {
        if (state != expected)
        {
            throw new InvalidOperationException($"Not valid in the current state: {state}");
        }
    }
}
