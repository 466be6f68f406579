using System.Collections.Immutable;
using System.Net;
using System.Net.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Mesh.Proxy.Model;

/// <summary>What an LDS resource says: where its routes are.</summary>
/// <param name="Name">The host name that clients ask for.</param>
/// <param name="RouteName">The RDS resource; null when <paramref name="Inline"/> holds the routes.</param>
/// <param name="Inline">Routes that came with the listener.</param>
/// <param name="StreamIdleTimeout">How long a request may be silent; zero is for ever.</param>
public sealed record ListenerConfig(string Name, string? RouteName, RouteTable? Inline, TimeSpan StreamIdleTimeout)
{
    /// <summary>How the forwarder sends requests on over HTTP/1.1.</summary>
    public ForwarderRequestConfig Http1 { get; } = Forward(HttpVersion.Version11, StreamIdleTimeout);

    /// <summary>How the forwarder sends requests on over HTTP/2 without TLS.</summary>
    public ForwarderRequestConfig Http2 { get; } = Forward(HttpVersion.Version20, StreamIdleTimeout);

    private static ForwarderRequestConfig Forward(Version version, TimeSpan idle) => new()
    {
        Version = version,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = idle > TimeSpan.Zero ? idle : TimeSpan.FromDays(24),
    };
}

/// <summary>A group of routes for some host names.</summary>
/// <param name="Name">For people.</param>
/// <param name="Domains">Exact names, <c>*.suffix</c>, <c>prefix.*</c> or <c>*</c>; lower case.</param>
/// <param name="Routes">The first that matches is taken.</param>
public sealed record VirtualHost(string Name, ImmutableArray<string> Domains, ImmutableArray<RouteRule> Routes);

/// <summary>One route: what it matches, where it leads, and how patiently.</summary>
public sealed record RouteRule
{
    /// <summary>The path to match.</summary>
    public required string Path { get; init; }

    /// <summary>Whether the path must be the whole path, not only its beginning.</summary>
    public bool Exact { get; init; }

    /// <summary>Whether letter case matters in the path.</summary>
    public bool CaseSensitive { get; init; } = true;

    /// <summary>The clusters, one of which is drawn by weight; empty for a direct response.</summary>
    public ImmutableArray<WeightedCluster> Clusters { get; init; } = [];

    /// <summary>Answer with this status instead of forwarding; 0 for forwarding.</summary>
    public int DirectStatus { get; init; }

    /// <summary>From the request to the end of its answer, retries included; zero is without limit. Envoy's default is 15 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>When to try again.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Never;

    /// <summary>What a ring hash hashes.</summary>
    public ImmutableArray<HashPolicy> HashPolicies { get; init; } = [];

    /// <summary>Whether this route takes that path.</summary>
    public bool Matches(string path)
    {
        var comparison = CaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return Exact ? path.Equals(Path, comparison) : path.StartsWith(Path, comparison);
    }

    /// <summary>The cluster that a roll in [0, 1) falls on.</summary>
    public string ClusterFor(double roll)
    {
        var total = 0L;
        foreach (var cluster in Clusters)
        {
            total += cluster.Weight;
        }

        var at = (long)(roll * total);
        foreach (var cluster in Clusters)
        {
            at -= cluster.Weight;
            if (at < 0)
            {
                return cluster.Name;
            }
        }

        return Clusters[^1].Name;
    }
}

/// <summary>A cluster and its share.</summary>
public readonly record struct WeightedCluster(string Name, int Weight);

/// <summary>One source of a request's hash.</summary>
/// <param name="Header">The header whose value is hashed; null for the client's address.</param>
/// <param name="Terminal">Whether what follows is left out once this one gave a hash.</param>
public sealed record HashPolicy(string? Header, bool Terminal);

/// <summary>What ends a try badly in a way that another may mend; names as in Envoy's <c>retry_on</c>.</summary>
[Flags]
public enum RetryOn
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Any 5xx, or no answer.</summary>
    ServerError = 1,

    /// <summary>502, 503, 504.</summary>
    GatewayError = 2,

    /// <summary>No answer: a reset, or a time-out of the try.</summary>
    Reset = 4,

    /// <summary>No connection.</summary>
    ConnectFailure = 8,

    /// <summary>HTTP/2 REFUSED_STREAM: certainly not handled.</summary>
    RefusedStream = 16,

    /// <summary>409.</summary>
    Retriable4xx = 32,

    /// <summary>The listed codes.</summary>
    StatusCodes = 64,

    /// <summary>gRPC CANCELLED (1).</summary>
    GrpcCancelled = 128,

    /// <summary>gRPC DEADLINE_EXCEEDED (4).</summary>
    GrpcDeadlineExceeded = 256,

    /// <summary>gRPC RESOURCE_EXHAUSTED (8).</summary>
    GrpcResourceExhausted = 512,

    /// <summary>gRPC INTERNAL (13).</summary>
    GrpcInternal = 1024,

    /// <summary>gRPC UNAVAILABLE (14).</summary>
    GrpcUnavailable = 2048,
}

/// <summary>When, how often and how soon a request is tried again.</summary>
public sealed record RetryPolicy
{
    /// <summary>One try only.</summary>
    public static RetryPolicy Never { get; } = new();

    /// <summary>After what.</summary>
    public RetryOn On { get; init; }

    /// <summary>Tries after the first.</summary>
    public int Retries { get; init; }

    /// <summary>From a try's start to its answer's head; zero is without limit of its own.</summary>
    public TimeSpan PerTryTimeout { get; init; }

    /// <summary>The codes that <see cref="RetryOn.StatusCodes"/> means.</summary>
    public ImmutableArray<int> StatusCodes { get; init; } = [];

    /// <summary>The n-th retry waits at random up to (2^n - 1) times this, at most <see cref="MaxBackOff"/>.</summary>
    public TimeSpan BaseBackOff { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>The longest wait.</summary>
    public TimeSpan MaxBackOff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to wait before a retry.</summary>
    /// <param name="retry">1 for the first.</param>
    /// <param name="roll">In [0, 1).</param>
    public TimeSpan BackOff(int retry, double roll)
    {
        var most = Math.Min(MaxBackOff.TotalMilliseconds, BaseBackOff.TotalMilliseconds * (Math.Pow(2, Math.Min(retry, 20)) - 1));
        return TimeSpan.FromMilliseconds(most * roll);
    }
}
