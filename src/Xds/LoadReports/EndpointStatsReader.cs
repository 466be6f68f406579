using System.Collections.Immutable;
using Envoy.Config.Endpoint.V3;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;

namespace Mesh.Xds.LoadReports;

/// <summary>
/// Reads what one client says of one endpoint. Nothing in it is believed beyond what is possible: parts are cut to their whole, ages that make no
/// sense count as not told, and durations stay within the buckets that they are claimed to be of.
/// </summary>
/// <param name="Source">The client's node id; what is long or cannot be printed was cut.</param>
/// <param name="Now">When the report came; ages count back from it.</param>
/// <param name="Interval">How long the report's period was, in seconds.</param>
internal readonly record struct EndpointStatsReader(string Source, DateTimeOffset Now, double Interval)
{
    // A proxy that was alone for longer has nothing to say about the order of things.
    private static readonly TimeSpan OldestAge = TimeSpan.FromDays(1);

    // What was under way before says nothing about now: a proxy that was alone for an hour would look like thousands of requests at once.
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(5);

    private const double MaxInFlightSeconds = 1e9;

    public EndpointObservation Read(UpstreamEndpointStats stats, string id)
    {
        var metrics = NamedMetrics.Of(stats);
        var succeeded = LoadReportReader.Count(stats.TotalSuccessfulRequests);
        var failed = LoadReportReader.Count(stats.TotalErrorRequests);
        var gateway = Math.Min(Whole(metrics.GatewayFailure) ?? 0, failed);
        var local = Math.Min(Whole(metrics.LocalOriginFailure) ?? 0, failed - gateway);
        var trailing = Part(metrics.Trailing5xx, failed);
        var lastSuccess = succeeded > 0 ? Ago(metrics.LastSuccessAge) : null;
        var runBegan = trailing > 0 ? Ago(metrics.RunAge) : null;
        var observation = new EndpointObservation
        {
            EndpointId = id,
            Succeeded = succeeded,
            Failed = failed,
            GatewayFailed = gateway,
            LocalOriginFailed = local,
            TrailingFailures = trailing,
            TrailingGatewayFailures = Part(metrics.TrailingGatewayFailure ?? (trailing is null ? null : 0), gateway),
            TrailingLocalOriginFailures = Part(metrics.TrailingLocalOriginFailure ?? (trailing is null ? null : 0), local),
            LastSuccess = lastSuccess,
            // A run cannot have begun before what ended the one before it.
            RunBegan = runBegan < lastSuccess ? lastSuccess : runBegan,
            Statuses = Statuses(metrics.Statuses, succeeded + failed, failed),
            Latency = Sketch(metrics, succeeded + failed),
            InFlightSeconds = InFlight(stats, metrics),
        };
        return failed == 0 ? observation : observation with { Sources = [Share(observation)] };
    }

    private ReportSource Share(EndpointObservation seen) => new(
        Source,
        seen.Failed,
        new FailureRuns(seen.TrailingFailures ?? 0, seen.TrailingGatewayFailures ?? 0, seen.TrailingLocalOriginFailures ?? 0));

    private DateTimeOffset? Ago(double? seconds) =>
        seconds is { } age && age <= OldestAge.TotalSeconds ? Now - TimeSpan.FromSeconds(Math.Max(0, age)) : null;

    private double InFlight(UpstreamEndpointStats stats, NamedMetrics metrics)
    {
        var recent = Math.Min(Interval, Recent.TotalSeconds);
        var seconds = metrics.InFlightSeconds is { } integral
            ? Interval > recent ? integral * (recent / Interval) : integral
            : LoadReportReader.Count(stats.TotalRequestsInProgress) * recent;
        return double.IsNaN(seconds) ? 0 : Math.Clamp(seconds, 0, MaxInFlightSeconds);
    }

    private static StatusClasses Statuses(StatusClasses claimed, long requests, long failed)
    {
        var server = Math.Min(claimed.ServerErrors, failed);
        var ok = Math.Min(claimed.Ok, requests - server);
        var redirected = Math.Min(claimed.Redirected, requests - server - ok);
        return new(ok, redirected, Math.Min(claimed.ClientErrors, requests - server - ok - redirected), server);
    }

    private static LatencySketch? Sketch(NamedMetrics metrics, long requests)
    {
        if (metrics.Buckets is not { } claimed)
        {
            return null;
        }

        var counts = ImmutableArray.CreateBuilder<LatencyBucket>();
        var (least, most) = (0.0, 0.0);
        for (var bucket = 0; bucket < claimed.Length && requests > 0; bucket++)
        {
            var count = Math.Min(claimed[bucket], requests);
            if (count > 0)
            {
                counts.Add(new(bucket, count));
                requests -= count;
                least += count * (bucket == 0 ? 0 : LatencySketch.UpperBound(bucket - 1));
                most += count * LatencySketch.UpperBound(bucket);
            }
        }

        var sum = metrics.LatencySeconds is { } told && !double.IsNaN(told) ? Math.Clamp(told, least, most) : (least + most) / 2;
        return counts.Count == 0 ? null : new LatencySketch(counts.DrainToImmutable(), sum);
    }

    private static long? Part(double? metric, long whole) => Whole(metric) is { } value ? Math.Min(value, whole) : null;

    private static long? Whole(double? metric) =>
        metric is { } value ? double.IsNaN(value) ? 0 : (long)Math.Clamp(value, 0, LoadReportReader.MaxCount) : null;
}
