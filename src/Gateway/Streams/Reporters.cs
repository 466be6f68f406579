using System.Collections.Concurrent;
using Envoy.Config.Endpoint.V3;
using Mesh.Xds.LoadReports;

namespace Mesh.Gateway.Streams;

/// <summary>How finely a client reports. The greater tells more.</summary>
internal enum ReportDetail
{
    /// <summary>It reports nothing: no stream, or nothing on it yet.</summary>
    None,

    /// <summary>By locality only: proxyless gRPC, and Envoy before 1.36. Nobody can be ejected on the strength of it.</summary>
    PerLocality,

    /// <summary>Each endpoint.</summary>
    PerEndpoint,
}

/// <summary>What one client's stream of reports has been like.</summary>
/// <param name="node">The client's node id; empty when it gave none.</param>
internal sealed class Reporter(string node)
{
    private long _lastAt;
    private long _requests;
    private volatile ReportDetail _detail;

    /// <summary>The client's node id.</summary>
    public string Node => node;

    /// <summary>The finest that it has sent.</summary>
    public ReportDetail Detail => _detail;

    /// <summary>When it last sent anything of that kind; null when it never did.</summary>
    public DateTimeOffset? LastAt => Interlocked.Read(ref _lastAt) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>How many requests it has told of that were answered or failed.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>It sent statistics. For one caller, the stream's reader.</summary>
    public void Heard(ClusterStats stats, DateTimeOffset now)
    {
        foreach (var locality in stats.UpstreamLocalityStats)
        {
            var detail = locality.UpstreamEndpointStats.Count > 0 ? ReportDetail.PerEndpoint : ReportDetail.PerLocality;
            if (detail > _detail)
            {
                StreamMetrics.ReporterTold(_detail, detail);
                _detail = detail;
            }

            Interlocked.Exchange(ref _lastAt, now.UtcTicks);
            Interlocked.Add(ref _requests, LoadReportReader.Finished(locality));
        }
    }
}

/// <summary>The clients that report to this gateway.</summary>
internal sealed class Reporters(StreamOptions options)
{
    private readonly ConcurrentDictionary<Reporter, bool> _reporters = new();
    private readonly StreamPlaces _places = new("LRS", "report_streams", options.MaxReportStreams, options.MaxStreamsPerClient);

    /// <summary>How many there are.</summary>
    public int Count => _reporters.Count;

    /// <summary>Takes a place.</summary>
    /// <exception cref="Grpc.Core.RpcException">There is none in all, or for this client.</exception>
    public void Enter(Caller caller)
    {
        _places.Take(caller);
        StreamMetrics.ReporterOpened();
    }

    /// <summary>Gives it back.</summary>
    public void Leave(Caller caller)
    {
        _places.Leave(caller);
        StreamMetrics.ReporterEnded();
    }

    /// <summary>A client has said who it is.</summary>
    public Reporter Add(string? node)
    {
        var reporter = new Reporter(node ?? "");
        _reporters[reporter] = true;
        return reporter;
    }

    /// <summary>Its stream has ended.</summary>
    public void Remove(Reporter reporter)
    {
        _reporters.TryRemove(reporter, out _);
        StreamMetrics.ReporterTold(reporter.Detail, ReportDetail.None);
    }

    /// <summary>By node id, the client that tells most under it. Who gives no id is not in it.</summary>
    public IReadOnlyDictionary<string, Reporter> ByNode()
    {
        var nodes = new Dictionary<string, Reporter>(StringComparer.Ordinal);
        foreach (var (reporter, _) in _reporters)
        {
            if (reporter.Node.Length > 0 && (!nodes.TryGetValue(reporter.Node, out var other) || reporter.Detail > other.Detail))
            {
                nodes[reporter.Node] = reporter;
            }
        }

        return nodes;
    }
}
