// Client: gRPC over SocketsHttpHandler's HTTP/2, with the names and signatures of Grpc.Net.Client that are used here. No load
// balancing, retries or service configuration: a proxy or the caller does that. http:// means HTTP/2 with prior knowledge.

using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client;

public sealed class GrpcChannelOptions
{
    /// <summary>In bytes, 4 MB by default; null is "no limit". A longer message ends its call with RESOURCE_EXHAUSTED.</summary>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>In bytes; null, the default, is "no limit".</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>The transport, where connection limits and keep-alive pings are set; by default one of the channel's own.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether disposing the channel disposes <see cref="HttpHandler"/>; its own handler it always disposes.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>
    /// How soon after a refused connection the original tries again, and how long it waits at most after many; until then it
    /// refuses calls. Here each call tries to connect, so there is nothing to wait for.
    /// </summary>
    public TimeSpan InitialReconnectBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="InitialReconnectBackoff"/>
    public TimeSpan? MaxReconnectBackoff { get; set; } = TimeSpan.FromMinutes(2);
}

/// <summary>A server to call; connections are made when needed and again when lost. Meant to live as long as the process.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker transport;
    private readonly CancellationTokenSource disposal = new();
    private int disposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options) : base(address.Authority)
    {
        Address = address;
        Options = options;
        transport = options.HttpHandler is { } given
            ? new HttpMessageInvoker(given, options.DisposeHttpClient)
            : new HttpMessageInvoker(new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, disposeHandler: true);
    }

    internal Uri Address { get; }

    internal GrpcChannelOptions Options { get; }

    /// <summary>Ends with the channel, and all its calls with it.</summary>
    internal CancellationToken Disposed => disposal.Token;

    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) =>
        ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps
            ? new GrpcChannel(address, channelOptions)
            : throw new ArgumentException($"'{address}' is no address of a gRPC server: use http:// or https://.", nameof(address));
    }

    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        return new HttpCallInvoker(this);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            disposal.Cancel();
            transport.Dispose();
            disposal.Dispose();
        }
    }

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        return transport.SendAsync(request, cancellationToken);
    }
}
