using Grpc.Core;
using Grpc.Internal;
using Microsoft.AspNetCore.Http;

namespace Grpc.Internal
{
    internal sealed class ServerStreamReader<T>(ServerCall call, Func<DeserializationContext, T> deserialize) : IAsyncStreamReader<T>
        where T : class
    {
        public T Current { get; private set; } = null!;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Let go of the last message first: an idle stream must not keep it alive.
            Current = null!;
            try
            {
                Current = (await call.ReadAsync(deserialize, cancellationToken))!;
            }
            catch (IOException)
            {
                call.ClientLeft();
                throw;
            }
            return Current is not null;
        }
    }

    internal sealed class ServerStreamWriter<T>(ServerCall call, Action<T, SerializationContext> serialize) : IServerStreamWriter<T>
        where T : class
    {
        private int writing;

        public WriteOptions? WriteOptions
        {
            get => call.WriteOptions;
            set => call.WriteOptions = value;
        }

        public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(T message, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(message);
            if (Interlocked.Exchange(ref writing, 1) == 1)
            {
                return Task.FromException(
                    new InvalidOperationException("Can't write the message because the previous write is in progress."));
            }
            var task = call.WriteAsync(message, serialize, cancellationToken);
            if (!task.IsCompleted)
            {
                return FinishAsync(task);
            }
            Volatile.Write(ref writing, 0);
            return task;
        }

        private async Task FinishAsync(Task task)
        {
            try
            {
                await task;
            }
            finally
            {
                Volatile.Write(ref writing, 0);
            }
        }
    }
}

namespace Grpc.Core
{
    public static class ServerCallContextExtensions
    {
        /// <summary>The HTTP request behind a call; valid until the handler returns.</summary>
        public static HttpContext GetHttpContext(this ServerCallContext serverCallContext)
        {
            ArgumentNullException.ThrowIfNull(serverCallContext);
            return serverCallContext is ServerCall call
                ? call.Http
                : throw new InvalidOperationException("Could not get HttpContext from ServerCallContext: it is not a call on ASP.NET Core.");
        }
    }
}
