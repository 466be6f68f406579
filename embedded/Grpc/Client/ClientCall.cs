using System.IO.Pipelines;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;

namespace Grpc.Internal;

/// <summary>
/// One call at the client. Whatever ends it first (trailers, deadline, cancellation, a broken connection, disposal) sets
/// <see cref="CallEnd"/>; all later questions get that answer. Responses are read only when asked for, so a caller that
/// does not read leaves the bytes at the server.
/// </summary>
internal sealed class ClientCall<TRequest, TResponse>(GrpcChannel channel, Method<TRequest, TResponse> method, CallOptions options)
    : IAsyncStreamReader<TResponse>, IDisposable
    where TRequest : class
    where TResponse : class
{
    private readonly CallEnd end = new(options, channel.Disposed);
    private readonly RequestBody<TRequest> body = new(channel.Options.MaxSendMessageSize, method.RequestMarshaller);
    private Task<HttpResponseMessage> response = null!;
    private MessageReader? reader;
    private int reading;

    public TResponse Current { get; private set; } = null!;

    public Task<Metadata> ResponseHeaders { get; private set; } = null!;

    public IClientStreamWriter<TRequest> Requests => field ??= new ClientStreamWriter<TRequest>(body, end, options.WriteOptions);

    public void Start(TRequest? request)
    {
        if (request is not null)
        {
            body.SetOnly(request);
        }
        response = SendAsync();
        ResponseHeaders = ReadHeadersAsync();
        // Nobody has to look at the headers; their failure is the call's failure.
        ResponseHeaders.Observe();
    }

    public Status GetStatus() => end.Status
        ?? throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    public Metadata GetTrailers() => end.Status is not null
        ? end.Trailers
        : throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");

    public void Dispose()
    {
        end.TrySet(new Status(StatusCode.Cancelled, "gRPC call disposed."));
        body.Abort(end.ToException());
    }

    /// <summary>The only response of a call; OK without exactly one message is an error of the server.</summary>
    public async Task<TResponse> ReadSingleAsync()
    {
        try
        {
            var first = await ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (first is not null && await ReadAsync(CancellationToken.None).ConfigureAwait(false) is not null)
            {
                throw new RpcException(new Status(StatusCode.Internal, "Unexpected data after finished reading message."));
            }
            return first ?? throw new RpcException(
                new Status(StatusCode.Internal, "Failed to deserialize response message: there was none."), end.Trailers);
        }
        catch (RpcException error) when (end.Status is null or { StatusCode: StatusCode.OK })
        {
            end.Replace(error.Status);
            throw end.ToException();
        }
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref reading, 1) == 1)
        {
            throw new InvalidOperationException("Can't read the next message because the previous read is in progress.");
        }
        try
        {
            Current = null!;
            using var registration = cancellationToken.UnsafeRegister(static end => ((CallEnd)end!).Cancel(), end);
            Current = (await ReadAsync(cancellationToken).ConfigureAwait(false))!;
            return Current is not null;
        }
        finally
        {
            Volatile.Write(ref reading, 0);
        }
    }

    /// <summary>The next message; null when the server ended the call with OK.</summary>
    private async ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var message = await response.ConfigureAwait(false);
            if (end.Status is null)
            {
                reader ??= new MessageReader(
                    PipeReader.Create(await message.Content.ReadAsStreamAsync(end.Token).ConfigureAwait(false)),
                    channel.Options.MaxReceiveMessageSize)
                { Encoding = StatusMapping.Header(message.Headers, Headers.Encoding) };
                var next = await reader.ReadAsync(method.ResponseMarshaller.ContextualDeserializer, end.Token).ConfigureAwait(false);
                if (next is not null)
                {
                    return next;
                }
                reader.Complete();
                end.TrySet(StatusMapping.FromTrailers(message), StatusMapping.ToMetadata(message.TrailingHeaders));
            }
        }
        catch (Exception error)
        {
            end.TrySet(StatusMapping.FromException(error, "Error reading next message."));
        }
        return end.Status is { StatusCode: StatusCode.OK } ? null : throw end.ToException();
    }

    private async Task<Metadata> ReadHeadersAsync()
    {
        try
        {
            return StatusMapping.ToMetadata((await response.ConfigureAwait(false)).Headers);
        }
        catch (Exception)
        {
            throw end.ToException();
        }
    }

    private async Task<HttpResponseMessage> SendAsync()
    {
        try
        {
            end.Token.ThrowIfCancellationRequested();
            var message = await channel.SendAsync(BuildRequest(), end.Token).ConfigureAwait(false);
            end.OnEnd(message.Dispose);
            if (StatusMapping.FromHeaders(message) is { } status)
            {
                end.TrySet(status, StatusMapping.ToMetadata(message.Headers));
            }
            return message;
        }
        catch (Exception error)
        {
            // The transport cancels the body of a request whose connection breaks, and that is then all that it says: so a server ends
            // a connection that it wants no part of, as where a client's certificate is missing.
            end.TrySet(error is OperationCanceledException && !end.Token.IsCancellationRequested
                ? new Status(StatusCode.Unavailable, "Error starting gRPC call. The server closed the connection before it answered.", error)
                : StatusMapping.FromException(error, "Error starting gRPC call."));
            body.Abort(end.ToException());
            throw end.ToException();
        }
    }

    private HttpRequestMessage BuildRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(channel.Address, method.FullName))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", "grpc-dotnet");
        request.Headers.TryAddWithoutValidation(Headers.AcceptEncoding, Headers.Encodings);
        if (options.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            var left = deadline.ToUniversalTime() - DateTime.UtcNow;
            request.Headers.TryAddWithoutValidation(Headers.Timeout, Headers.EncodeTimeout(left));
        }
        foreach (var entry in options.Headers ?? Metadata.Empty)
        {
            request.Headers.TryAddWithoutValidation(entry.Key, entry.WireValue);
        }
        return request;
    }
}
