using System.Diagnostics.Metrics;
using Mesh.Gateway.Telemetry;
using Mesh.Xds;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Streams;

/// <summary>What the streams count. Where istiod counts the same thing, it is called what istiod calls it, so that dashboards fit.</summary>
internal static class StreamMetrics
{
    private static readonly UpDownCounter<long> Connected = MeshTelemetry.Meter.CreateUpDownCounter<long>(
        "pilot_xds", description: "Proxies connected over ADS.");

    private static readonly Counter<long> Pushes = MeshTelemetry.Meter.CreateCounter<long>(
        "pilot_xds_pushes", description: "Responses sent over ADS, by type.");

    private static readonly Counter<long> Rejects = MeshTelemetry.Meter.CreateCounter<long>(
        "pilot_total_xds_rejects", description: "Responses that proxies rejected, by type.");

    private static readonly UpDownCounter<long> Refused = MeshTelemetry.Meter.CreateUpDownCounter<long>(
        "mesh.xds.refused.resources", description: "Resources that connected proxies refuse now, by type.");

    private static readonly Histogram<long> ConfigSize = MeshTelemetry.Meter.CreateHistogram<long>(
        "pilot_xds_config_size_bytes", "By", "Size of the responses sent over ADS, by type.");

    private static readonly Histogram<double> Convergence = MeshTelemetry.Meter.CreateHistogram<double>(
        "pilot_proxy_convergence_time", "s", "From a service's change to its being written to a proxy.");

    private static readonly Histogram<double> MeshConvergence = MeshTelemetry.Meter.CreateHistogram(
        "mesh.xds.convergence", "s", "From a service's change to the last answer of all proxies that were sent it.", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    private static readonly Counter<long> Unmeasured = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.xds.unconverged", description: "Changes without a convergence time, by reason: unanswered for a minute, or overflow.");

    private static readonly Histogram<double> Queue = MeshTelemetry.Meter.CreateHistogram<double>(
        "pilot_proxy_queue_time", "s", "From a stream's being told of a change to the beginning of its sending.");

    private static readonly Histogram<double> Push = MeshTelemetry.Meter.CreateHistogram<double>(
        "pilot_xds_push_time", "s", "Time to write one response, by type; long when the client reads slowly.");

    private static readonly UpDownCounter<long> FirstPushesWaiting = MeshTelemetry.Meter.CreateUpDownCounter<long>(
        "mesh.first.pushes.waiting", description: "Streams that wait for a place to be sent their first response of a type.");

    private static readonly Counter<long> EverOpened = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.streams.opened", description: "Streams that were opened over ADS; it grows fast while clients come and go in a circle.");

    private static readonly Counter<long> RequestsThrottled = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.requests.throttled", description: "Times that a client sent requests over ADS too fast and had to wait.");

    private static readonly Counter<long> NeverAnswered = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.responses.unanswered", description: "Responses sent over ADS that were forgotten before the client accepted or rejected them.");

    private static readonly Counter<long> Closed = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.streams.closed", description: "Streams that were refused or closed by us, by reason.");

    private static readonly UpDownCounter<long> Reporting = MeshTelemetry.Meter.CreateUpDownCounter<long>(
        "mesh.report.streams", description: "Clients connected over LRS.");

    private static readonly UpDownCounter<long> Coarse = MeshTelemetry.Meter.CreateUpDownCounter<long>(
        "mesh.report.streams.per_locality", description: "Clients that report by locality only, so that nobody can be ejected on what they see.");

    private static readonly Counter<long> Reports = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.reports", description: "Reports passed on to services, by result: taken, retried, dropped, or unknown when no answer came.");

    private static readonly Counter<long> Unattributed = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.reports.unattributed", description: "What was reported of no known endpoint, by reason: unknown, locality or service.");

    private static readonly Counter<long> Throttled = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.reports.throttled", description: "Times that a client reported too often and had to wait.");

    private static readonly Counter<long> Unclear = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.nodes.not_understood", description: "Clients whose node says something of their part in the mesh that is not understood, and so left out.");

    public static void Opened()
    {
        Connected.Add(1);
        EverOpened.Add(1);
    }

    public static void Ended() => Connected.Add(-1);

    public static void ReporterOpened() => Reporting.Add(1);

    public static void ReporterEnded() => Reporting.Add(-1);

    public static void ReporterTold(ReportDetail before, ReportDetail now)
    {
        var change = (now == ReportDetail.PerLocality ? 1 : 0) - (before == ReportDetail.PerLocality ? 1 : 0);
        if (change != 0)
        {
            Coarse.Add(change);
        }
    }

    public static void Sent(EncodedResponse response, TimeSpan took)
    {
        var type = Type(response.Type);
        Pushes.Add(1, type);
        ConfigSize.Record(response.Length, type);
        Push.Record(took.TotalSeconds, type);
    }

    public static void Converged(TimeSpan took) => Convergence.Record(Math.Max(0, took.TotalSeconds));

    public static void MeshConverged(TimeSpan took) => MeshConvergence.Record(Math.Max(0, took.TotalSeconds));

    public static void NotMeasured(string reason) => Unmeasured.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public static void Queued(TimeSpan waited) => Queue.Record(waited.TotalSeconds);

    public static void Rejected(ResourceType type) => Rejects.Add(1, Type(type));

    public static void FirstPushWaits() => FirstPushesWaiting.Add(1);

    public static void FirstPushGoesOn() => FirstPushesWaiting.Add(-1);

    public static void Refuses(Refusals before, Refusals now)
    {
        foreach (var type in ResourceTypes.InOrder)
        {
            if (now.Counts[(int)type] - before.Counts[(int)type] is not 0 and var change)
            {
                Refused.Add(change, Type(type));
            }
        }
    }

    public static void ClosedFor(string reason) => Closed.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public static void NotUnderstood(ClientProfile client) => Unclear.Add(client.NotUnderstood.IsEmpty ? 0 : 1);

    public static void Reported(string result) => Reports.Add(1, new KeyValuePair<string, object?>("result", result));

    public static void NotAttributed(string reason, long count)
    {
        if (count > 0)
        {
            Unattributed.Add(count, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public static void RequesterThrottled() => RequestsThrottled.Add(1);

    public static void Unanswered(long count) => NeverAnswered.Add(count);

    public static void ReporterThrottled() => Throttled.Add(1);

    private static KeyValuePair<string, object?> Type(ResourceType type) => new("type", type switch
    {
        ResourceType.Cluster => "cds",
        ResourceType.Endpoints => "eds",
        ResourceType.Listener => "lds",
        _ => "rds",
    });
}
