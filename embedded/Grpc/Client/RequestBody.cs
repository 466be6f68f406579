using System.IO.Pipelines;
using System.Net;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>
/// The request's body: one message that is known at the start, or the transport's stream handed to the writer and kept
/// open until it completes. Writing to that stream waits for HTTP/2's window, which is the back-pressure.
/// </summary>
internal sealed class RequestBody<T> : HttpContent
    where T : class
{
    private readonly int? maxSize;
    private readonly Marshaller<T> marshaller;
    private readonly TaskCompletionSource<PipeWriter> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MessageWriter? writer;
    private T? only;

    public RequestBody(int? maxSize, Marshaller<T> marshaller)
    {
        this.maxSize = maxSize;
        this.marshaller = marshaller;
        Headers.ContentType = new(Internal.Headers.ContentType);
        // A call may end before anybody has asked for the stream.
        opened.Task.Observe();
    }

    public void SetOnly(T message) => only = message;

    public async Task WriteAsync(T message, bool flush, CancellationToken cancellationToken)
    {
        var pipe = await opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        writer!.Write(message, marshaller.ContextualSerializer);
        if (flush)
        {
            await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var pipe = await opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
        completed.TrySetResult();
    }

    public void Abort(Exception error)
    {
        opened.TrySetException(error);
        completed.TrySetCanceled();
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // 16 KB is HTTP/2's frame: large messages then leave in full frames.
        var pipe = PipeWriter.Create(stream, new(minimumBufferSize: 16 * 1024, leaveOpen: true));
        writer = new MessageWriter(pipe, maxSize);
        if (only is not null)
        {
            writer.Write(only, marshaller.ContextualSerializer);
            only = null;
            await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
        // Sends the headers, so that the server can answer before the first message.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        opened.TrySetResult(pipe);
        await completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
