using Grpc.Core;

namespace Grpc.Internal;

/// <summary>Writes requests one at a time; a write after the call's end throws what ended it.</summary>
internal sealed class ClientStreamWriter<T>(RequestBody<T> body, CallEnd end, WriteOptions? writeOptions) : IClientStreamWriter<T>
    where T : class
{
    private int writing;
    private bool completed;

    public WriteOptions? WriteOptions { get; set; } = writeOptions;

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        var flush = ((WriteOptions?.Flags ?? default) & WriteFlags.BufferHint) == 0;
        return RunAsync(() => body.WriteAsync(message, flush, end.Token), cancellationToken);
    }

    public Task CompleteAsync() => RunAsync(
        () =>
        {
            completed = true;
            return body.CompleteAsync(end.Token);
        },
        CancellationToken.None);

    private async Task RunAsync(Func<Task> write, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }
        try
        {
            if (completed)
            {
                throw new InvalidOperationException("Request stream has already been completed.");
            }
            ThrowIfEnded();
            using var registration = cancellationToken.UnsafeRegister(static end => ((CallEnd)end!).Cancel(), end);
            await write().ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (InvalidOperationException or RpcException))
        {
            ThrowIfEnded();
            throw new RpcException(StatusMapping.FromException(error, "Error writing message."));
        }
        finally
        {
            Volatile.Write(ref writing, 0);
        }
    }

    private void ThrowIfEnded()
    {
        if (end.Status is { } status)
        {
            throw status.StatusCode == StatusCode.OK
                ? new InvalidOperationException("Can't write the message because the call is complete.")
                : end.ToException();
        }
    }
}
