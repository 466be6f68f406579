using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Envoy.Config.Endpoint.V3;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Drain;
using Mesh.Gateway.View;
using Mesh.Xds.LoadReports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mesh.Gateway.Streams;

/// <summary>
/// Adds up what all clients of this gateway report, and passes it on to the services: failures at once, the rest once in an interval, one call per service
/// at a time. While a call is under way the next one fills up, so a service that is slow to judge gets fewer and larger reports, never a queue
/// of them; and nothing is held but one observation for each endpoint that exists.
/// </summary>
internal sealed class ReportPump(
    IMeshView view, IGrainFactory grains, StreamOptions options, TimeProvider time, ILogger<ReportPump> logger) : BackgroundService, IDrainEnd
{
    private readonly ConcurrentDictionary<ServiceId, ServiceReports> _services = new();
    private readonly ConditionalWeakTable<ServiceSnapshot, EndpointIndex> _indexes = [];

    /// <summary>Takes one client's statistics of one cluster.</summary>
    /// <param name="stats">The client's.</param>
    /// <param name="source">Who it is, as <see cref="LoadReportReader.Source"/> says it.</param>
    public void Add(ClusterStats stats, string source)
    {
        // A cluster that is not ours, or a service that is gone: there is nobody to tell.
        if (!ServiceId.TryParse(stats.ClusterName, out var service) || view.Find(service) is not { } snapshot)
        {
            StreamMetrics.NotAttributed("service", 1);
            return;
        }

        var seen = LoadReportReader.Read(stats, _indexes.GetValue(snapshot, EndpointIndex.Of), source, time.GetUtcNow());
        StreamMetrics.NotAttributed("unknown", seen.UnknownEndpoints);
        StreamMetrics.NotAttributed("locality", seen.Unattributed);
        if (seen.Observations.IsEmpty)
        {
            return;
        }

        var reports = _services.GetOrAdd(service, id => new ServiceReports(id, options.Reporter, Judge, options.ReportRetries, time));
        reports.Add(seen.Observations);
    }

    /// <summary>Passes on what has been reported, when no more will come, and waits until it is taken.</summary>
    public Task Finish(CancellationToken cancellationToken) => Task.WhenAll(_services.Values.Select(reports => reports.Finish(cancellationToken)));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.ReportInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var (service, reports) in _services)
                {
                    if (view.Find(service) is null)
                    {
                        _services.TryRemove(service, out _);
                    }
                    else
                    {
                        reports.Flush();
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping. What had been reported was passed on when it was drained; what is left is lost, as it would be in a kill.
        }
    }

    private async Task<bool> Judge(ServiceReport report)
    {
        try
        {
            var answer = await grains.GetGrain<IServiceGrain>(report.Service.ToString()).Report(report).WaitAsync(options.ReportTimeout, time);
            StreamMetrics.Reported("taken");
            if (!answer.Ejected.IsEmpty)
            {
                // The hint is on its way too; whichever comes first starts the one pull.
                _ = view.Refresh(report.Service, CancellationToken.None);
            }

            return true;
        }
        catch (TimeoutException)
        {
            // It may have been judged all the same. Failures counted twice would eject for what did not happen; failures lost are
            // followed by others if the endpoint goes on failing.
            StreamMetrics.Reported("unknown");
            logger.LogWarning("{Service} did not answer a report within {Limit}; it is not repeated.", report.Service, options.ReportTimeout);
            return true;
        }
        catch (Exception failure)
        {
            StreamMetrics.Reported("retried");
            logger.LogWarning("{Service} did not take a report ({Reason}); it is tried again.", report.Service, failure.Message);
            return false;
        }
    }
}
