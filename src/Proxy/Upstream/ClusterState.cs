using System.Net.Http;
using System.Net.Sockets;
using Mesh.Proxy.LoadBalancing;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Upstream;

/// <summary>
/// What changes about a cluster while requests pass: its connections, its counters, whose turn it is. The configuration is handed in at
/// each change; the connection pool is never rebuilt, since all that may change about it is read when a connection is made.
/// </summary>
public sealed class ClusterState : IDisposable
{
    private ClusterConfig _config;
    private ConnectionGate _gate;
    private int _requests;
    private int _retries;
    private long _retried;
    private long _refused;
    private uint _sent;

    /// <summary>For a cluster as first configured.</summary>
    public ClusterState(ClusterConfig config)
    {
        _config = config;
        _gate = new ConnectionGate(config.MaxConnections, config.MaxPendingRequests);
        Client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            // Trace headers are the workload's; they pass untouched.
            ActivityHeadersPropagator = null,
            ConnectCallback = Connect,
        });
    }

    /// <summary>The cluster's name.</summary>
    public string Name => _config.Name;

    /// <summary>Makes the requests.</summary>
    public HttpMessageInvoker Client { get; }

    /// <summary>The present gate for HTTP/1.1 connections.</summary>
    public ConnectionGate Gate => Volatile.Read(ref _gate);

    /// <summary>Whose turn it is in a round robin.</summary>
    public Turn Turn { get; } = new((uint)Random.Shared.Next());

    /// <summary>From a request's arrival to the end of its answer.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>Requests under way.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Retries made, ever.</summary>
    public long Retried => Interlocked.Read(ref _retried);

    /// <summary>Requests refused by a limit, ever.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Answers by class: index 1 is 1xx and so on.</summary>
    public long[] Answers { get; } = new long[6];

    /// <summary>Puts a new configuration in force for requests to come.</summary>
    public void Apply(ClusterConfig config)
    {
        Volatile.Write(ref _config, config);
        if (_gate.Connections != config.MaxConnections || _gate.MostWaiting != config.MaxPendingRequests)
        {
            Volatile.Write(ref _gate, new ConnectionGate(config.MaxConnections, config.MaxPendingRequests));
        }
    }

    /// <summary>A request begins; false when as many are under way as may be.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _requests) <= _config.MaxRequests)
        {
            return true;
        }

        Interlocked.Decrement(ref _requests);
        Refuse();
        return false;
    }

    /// <summary>
    /// Whether the next HTTP/1.1 request is to be the last on its connection. The pool does not say which request is the how-manieth of its
    /// connection; closing one in so many keeps to the limit on average, which is enough to spread long-lived connections.
    /// </summary>
    public bool ClosesConnection() =>
        _config.MaxRequestsPerConnection is > 0 and var most && Interlocked.Increment(ref _sent) % (uint)most == 0;

    /// <summary>Counts a refusal.</summary>
    public void Refuse() => Interlocked.Increment(ref _refused);

    /// <summary>A request ended.</summary>
    public void End(int status, TimeSpan duration)
    {
        Interlocked.Decrement(ref _requests);
        Interlocked.Increment(ref Answers[Math.Clamp(status / 100, 0, 5)]);
        Latency.Add(duration);
    }

    /// <summary>A retry begins; false when as many are under way as may be.</summary>
    public bool TryBeginRetry()
    {
        if (Interlocked.Increment(ref _retries) <= _config.MaxRetries)
        {
            Interlocked.Increment(ref _retried);
            return true;
        }

        Interlocked.Decrement(ref _retries);
        return false;
    }

    /// <summary>A retry ended.</summary>
    public void EndRetry() => Interlocked.Decrement(ref _retries);

    /// <inheritdoc/>
    public void Dispose()
    {
        Client.Dispose();
        _gate.Dispose();
    }

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Volatile.Read(ref _config).ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, limit.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
