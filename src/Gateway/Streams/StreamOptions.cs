using Mesh.Xds.Ads;

namespace Mesh.Gateway.Streams;

/// <summary>What proxies' streams may take, and how often they are asked to report.</summary>
public sealed record StreamOptions
{
    /// <summary>What one ADS stream may ask for.</summary>
    public AdsLimits Ads { get; init; } = new();

    /// <summary>ADS streams at a time; one more is refused with RESOURCE_EXHAUSTED, and the client tries again by itself.</summary>
    public int MaxStreams { get; init; } = 10_000;

    /// <summary>LRS streams at a time; refused in the same way.</summary>
    public int MaxReportStreams { get; init; } = 10_000;

    /// <summary>
    /// Streams of each kind that one client may have at a time: by its certificate if it shows one, by its address otherwise. Clients behind one address
    /// (a load balancer, one machine) or with one certificate share it.
    /// </summary>
    public int MaxStreamsPerClient { get; init; } = 1000;

    /// <summary>Bytes of one message from a client, unpacked; a longer one ends its stream with RESOURCE_EXHAUSTED before it is read.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Streams at a time that are being written their first response of a type, which may be large. The others wait: a storm of connects is worked off in the
    /// order of arrival, within a bounded memory.
    /// </summary>
    public int ConcurrentFirstPushes { get; init; } = 64;

    /// <summary>For how long such a place is lent at most, so that clients that do not read cannot keep others out.</summary>
    public TimeSpan FirstPushTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client may leave one response unread before its stream is closed.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stream may stay open before it says what it wants.</summary>
    public TimeSpan FirstRequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often clients report, and how often what went well is passed on. gRPC takes nothing shorter than a second.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests that are read of one ADS stream in a second; a client that sends more has to wait.</summary>
    public int RequestsPerSecond { get; init; } = 2000;

    /// <summary>Reports that one client may send in a second; one that sends more is read more slowly.</summary>
    public int ReportsPerSecond { get; init; } = 200;

    /// <summary>How long a service may take to judge a report.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many times a report that a service did not take is tried again, merged with what came since, before it is dropped as too old.</summary>
    public int ReportRetries { get; init; } = 10;

    /// <summary>What this gateway calls itself in reports.</summary>
    public string Reporter { get; init; } = $"{Environment.MachineName}:{Environment.ProcessId}";
}
