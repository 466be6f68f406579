using System.IO.Pipelines;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.Internal;

/// <summary>One call as the service sees it, and its end: exactly one status leaves, by the handler or by the deadline.</summary>
internal sealed partial class ServerCall : ServerCallContext, IAsyncDisposable
{
    private static readonly AuthContext Nobody = new(null, []);

    private readonly GrpcServiceOptions options;
    private readonly ILogger logger;
    private readonly MessageReader reader;
    private readonly PipeWriter body;
    private readonly MessageWriter writer;
    private Metadata? requestHeaders;
    private Metadata? trailers;
    private bool started;
    private bool clientLeft;

    private ServerCall(HttpContext http, GrpcServiceOptions options, ILogger logger)
    {
        Http = http;
        this.options = options;
        this.logger = logger;
        Aborted = http.RequestAborted;
        reader = new(http.Request.BodyReader, options.MaxReceiveMessageSize) { Encoding = http.Request.Headers[Headers.Encoding] };
        body = http.Response.BodyWriter;
        writer = new(body, options.MaxSendMessageSize);
    }

    public HttpContext Http { get; }

    /// <summary>Held apart from <see cref="Http"/>, which another request may own once this call has ended.</summary>
    private CancellationToken Aborted { get; }

    protected override string MethodCore => Http.Request.Path.Value!;

    protected override string HostCore => Http.Request.Host.Value ?? "";

    protected override string PeerCore => Http.Connection is { RemoteIpAddress: { } address, RemotePort: var port }
        ? address.AddressFamily == AddressFamily.InterNetworkV6 ? $"ipv6:[{address}]:{port}" : $"ipv4:{address}:{port}"
        : "unknown";

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => Nobody;

    protected override Metadata ResponseTrailersCore => trailers ??= [];

    protected override Metadata RequestHeadersCore => requestHeaders ??= ReadHeaders();

    /// <summary>Answers one HTTP request; whatever the handler throws becomes a status without the exception's text.</summary>
    public static async Task ServeAsync(
        HttpContext http, GrpcServiceOptions options, ILogger logger, bool streaming, Func<ServerCall, Task> handler)
    {
        if (!Headers.IsGrpc(http.Request.ContentType))
        {
            var given = http.Request.ContentType is { } type ? $"Content-Type '{type}' is not supported." : "Content-Type is missing from the request.";
            Refuse(http.Response, StatusCodes.Status415UnsupportedMediaType, given);
            return;
        }
        if (!HttpProtocol.IsHttp2(http.Request.Protocol) && !HttpProtocol.IsHttp3(http.Request.Protocol))
        {
            Refuse(http.Response, StatusCodes.Status426UpgradeRequired, $"Request protocol '{http.Request.Protocol}' is not supported.");
            http.Response.Headers.Upgrade = "HTTP/2";
            return;
        }
        if (streaming)
        {
            LiftBodyLimits(http);
        }
        http.Response.ContentType = Headers.ContentType;
        http.Response.Headers[Headers.AcceptEncoding] = Headers.Encodings;
        await using var call = new ServerCall(http, options, logger);
        call.StartDeadline();
        try
        {
            await handler(call);
            call.End(null);
        }
        catch (Exception error)
        {
            call.End(error);
        }
    }

    /// <summary>The only request. The handler does not run before it is read, so what cannot be read is answered here.</summary>
    public async ValueTask<T> ReadSingleAsync<T>(Func<DeserializationContext, T> deserialize)
        where T : class
    {
        try
        {
            return await reader.ReadSingleAsync(deserialize, CancellationToken.None);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RpcException(new Status(
                StatusCode.Internal, $"The request could not be read as {typeof(T).Name}; check the client's protocol version."));
        }
        catch (IOException)
        {
            clientLeft = true;
            throw;
        }
    }

    /// <summary>The next message, or null at the end. The caller says with <see cref="ClientLeft"/> when reading failed.</summary>
    public ValueTask<T?> ReadAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class => HasEnded
            ? throw new InvalidOperationException("Can't read messages after the request is complete.")
            : reader.ReadAsync(deserialize, cancellationToken);

    public void ClientLeft() => clientLeft = true;

    /// <summary>The only response; it leaves together with the trailers.</summary>
    public async ValueTask WriteSingleAsync<T>(T message, Action<T, SerializationContext> serialize)
        where T : class
    {
        if (message is null)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."));
        }
        if (!HasEnded)
        {
            await StartResponseAsync();
            writer.Write(message, serialize);
        }
    }

    /// <summary>
    /// Completes when the response's pipe has room again: that is where a slow client is felt. Nearly always there is room, and then it has completed
    /// when it returns, without a state machine: a push to thousands of streams passes here for each.
    /// </summary>
    public Task WriteAsync<T>(T message, Action<T, SerializationContext> serialize, CancellationToken cancellationToken)
    {
        if (!started || cancellationToken.IsCancellationRequested)
        {
            return StartAndWriteAsync(message, serialize, cancellationToken);
        }
        try
        {
            var flushing = Put(message, serialize, cancellationToken);
            if (!flushing.IsCompletedSuccessfully)
            {
                return FinishAsync(flushing, cancellationToken);
            }
            _ = flushing.Result;
            ThrowIfCancelled(cancellationToken);
            return Task.CompletedTask;
        }
        catch (Exception error)
        {
            return Task.FromException(error);
        }
    }

    private async Task StartAndWriteAsync<T>(T message, Action<T, SerializationContext> serialize, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static call => ((ServerCall)call!).Reset(), this);
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfComplete();
        await StartResponseAsync();
        started = true;
        await FinishAsync(Put(message, serialize, cancellationToken), cancellationToken);
    }

    private ValueTask<FlushResult> Put<T>(T message, Action<T, SerializationContext> serialize, CancellationToken cancellationToken)
    {
        ThrowIfComplete();
        writer.Write(message, serialize);
        return ((WriteOptions?.Flags ?? default) & WriteFlags.BufferHint) == 0 ? body.FlushAsync(cancellationToken) : default;
    }

    private async Task FinishAsync(ValueTask<FlushResult> flushing, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static call => ((ServerCall)call!).Reset(), this);
        await flushing;
        ThrowIfCancelled(cancellationToken);
    }

    private void ThrowIfComplete()
    {
        if (HasEnded || Aborted.IsCancellationRequested)
        {
            throw new InvalidOperationException("Can't write the message because the request is complete.");
        }
    }

    private void ThrowIfCancelled(CancellationToken cancellationToken)
    {
        if (CancellationToken.IsCancellationRequested || cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("Request aborted while sending the message.");
        }
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (Http.Response.HasStarted)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }
        foreach (var entry in responseHeaders)
        {
            Http.Response.Headers.Append(entry.Key, entry.WireValue);
        }
        await Http.Response.BodyWriter.FlushAsync();
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotImplementedException("CreatePropagationToken will be implemented in a future version.");

    private ValueTask StartResponseAsync() => Http.Response.HasStarted ? default : new(Http.Response.StartAsync());

    private Metadata ReadHeaders()
    {
        var headers = new Metadata();
        foreach (var (name, values) in Http.Request.Headers)
        {
            if (!Headers.IsProtocol(name))
            {
                foreach (var value in values)
                {
                    Headers.AddTo(headers, name, value ?? "");
                }
            }
        }
        return headers;
    }

    private static void Refuse(HttpResponse response, int httpStatus, string detail)
    {
        response.StatusCode = httpStatus;
        SetStatus(response, new Status(StatusCode.Internal, detail));
    }

    /// <summary>A stream may last for days and say little; its messages are bounded one by one instead.</summary>
    private static void LiftBodyLimits(HttpContext http)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }
}
