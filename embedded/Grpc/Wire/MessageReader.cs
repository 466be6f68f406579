// Wire: what server and client share. A gRPC message is one flag byte (compressed or not), four bytes of length, and the
// payload; both sides read it from a PipeReader and write it to a PipeWriter, so there is one parser to get right.

using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>Reads one message after the other; every malformed frame becomes an <see cref="RpcException"/> that says what is wrong.</summary>
internal sealed class MessageReader(PipeReader input, int? maxSize)
{
    public const int HeaderSize = 5;

    private readonly Payload payload = new();

    /// <summary>The peer's grpc-encoding header; applies to frames whose flag says "compressed".</summary>
    public string? Encoding { get; init; }

    /// <summary>The next message, or null at a clean end of the stream.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            var consumed = buffer.Start;
            var examined = buffer.End;
            try
            {
                if (TryParse(buffer, out var body, out var compressed))
                {
                    consumed = examined = body.End;
                    payload.Set(compressed ? Decompress(body) : body);
                    return deserialize(payload);
                }
                if (result.IsCanceled)
                {
                    throw Fail(StatusCode.Internal, "Incoming message cancelled.");
                }
                if (result.IsCompleted)
                {
                    return buffer.IsEmpty ? null : throw Fail(StatusCode.Internal, "Incomplete message.");
                }
            }
            finally
            {
                payload.Set(default);
                // Examined to the end: the pipe then waits for more, and the peer's flow-control window grows again.
                input.AdvanceTo(consumed, examined);
            }
        }
    }

    /// <summary>The only message of a stream; anything more, or nothing, is an error.</summary>
    public async ValueTask<T> ReadSingleAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class
    {
        var message = await ReadAsync(deserialize, cancellationToken).ConfigureAwait(false)
            ?? throw Fail(StatusCode.Internal, "Incomplete message.");
        await ExpectEndAsync(cancellationToken).ConfigureAwait(false);
        return message;
    }

    public async ValueTask ExpectEndAsync(CancellationToken cancellationToken)
    {
        var rest = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var empty = rest.Buffer.IsEmpty;
        input.AdvanceTo(rest.Buffer.End);
        if (!empty || !rest.IsCompleted)
        {
            throw Fail(StatusCode.Internal, "Additional data after the message received.");
        }
    }

    /// <summary>Gives the buffers back; nothing is read afterwards.</summary>
    public void Complete() => input.Complete();

    private bool TryParse(in ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> body, out bool compressed)
    {
        body = default;
        compressed = false;
        if (buffer.Length < HeaderSize)
        {
            return false;
        }
        Span<byte> header = stackalloc byte[HeaderSize];
        buffer.Slice(0, HeaderSize).CopyTo(header);
        if (header[0] > 1)
        {
            throw Fail(StatusCode.Internal, $"Unexpected compressed flag value {header[0]} in message header.");
        }
        compressed = header[0] == 1;
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > (uint)(maxSize ?? int.MaxValue))
        {
            throw TooLarge();
        }
        if (buffer.Length - HeaderSize < length)
        {
            return false;
        }
        body = buffer.Slice(HeaderSize, (int)length);
        return true;
    }

    private ReadOnlySequence<byte> Decompress(ReadOnlySequence<byte> body)
    {
        if (!string.Equals(Encoding, "gzip", StringComparison.Ordinal))
        {
            throw Encoding is null or "identity"
                ? Fail(StatusCode.Internal, "A message is marked as compressed, but grpc-encoding does not name a compression.")
                : Fail(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{Encoding}'. Supported encodings: identity, gzip");
        }
        try
        {
            using var gzip = new GZipStream(new MemoryStream(body.ToArray()), CompressionMode.Decompress);
            var output = new ArrayBufferWriter<byte>();
            for (int read; (read = gzip.Read(output.GetSpan(4096))) > 0;)
            {
                output.Advance(read);
                if (output.WrittenCount > (maxSize ?? int.MaxValue))
                {
                    throw TooLarge();
                }
            }
            return new(output.WrittenMemory);
        }
        catch (InvalidDataException error)
        {
            throw new RpcException(new Status(StatusCode.Internal, "A message marked as gzip does not decompress.", error));
        }
    }

    private static RpcException TooLarge() =>
        Fail(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.");

    private static RpcException Fail(StatusCode code, string detail) => new(new Status(code, detail));

    private sealed class Payload : DeserializationContext
    {
        private ReadOnlySequence<byte> bytes;

        public override int PayloadLength => (int)bytes.Length;

        public override byte[] PayloadAsNewBuffer() => bytes.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => bytes;

        public void Set(ReadOnlySequence<byte> payload) => bytes = payload;
    }
}
