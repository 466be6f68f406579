using Envoy.Service.LoadStats.V3;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Mesh.Xds.LoadReports;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Streams;

/// <summary>
/// The LoadReportingService: clients say here what became of their requests. The first answer asks for everything, endpoint by endpoint; after that only
/// the client talks.
/// </summary>
internal sealed class LrsService(
    ReportPump pump, ResourceHub hub, StreamOptions options, TimeProvider time, Reporters reporters, IHostApplicationLifetime lifetime)
    : LoadReportingService.LoadReportingServiceBase
{
    /// <inheritdoc/>
    public override async Task StreamLoadStats(
        IAsyncStreamReader<LoadStatsRequest> requestStream, IServerStreamWriter<LoadStatsResponse> responseStream, ServerCallContext context)
    {
        var caller = Caller.Of(context);
        reporters.Enter(caller);
        await StreamCall.Serve(
            context, lifetime, options, nameof(LoadStatsRequest), ending => Serve(requestStream, responseStream, ending), _ => reporters.Leave(caller));
    }

    private async Task Serve(
        IAsyncStreamReader<LoadStatsRequest> requests, IServerStreamWriter<LoadStatsResponse> responses, CancellationToken cancellationToken)
    {
        if (!await Peers.First(requests, options, time, cancellationToken))
        {
            return;
        }

        // Reports of services that are not known yet would be thrown away; a client waits for this answer, and keeps what it counts till then.
        await hub.Ready(cancellationToken);
        // Only the first request has to name the node.
        var node = requests.Current.Node?.Id;
        if (node?.Length > options.Ads.NodeIdLength)
        {
            throw Peers.Close("node", StatusCode.InvalidArgument, $"node.id has {node.Length} characters; at most {options.Ads.NodeIdLength} are taken.");
        }

        var reporter = reporters.Add(node);
        try
        {
            await Serve(reporter, requests, responses, cancellationToken);
        }
        finally
        {
            reporters.Remove(reporter);
        }
    }

    private async Task Serve(
        Reporter reporter, IAsyncStreamReader<LoadStatsRequest> requests, IServerStreamWriter<LoadStatsResponse> responses, CancellationToken cancellationToken)
    {
        await responses.WriteAsync(
            new LoadStatsResponse
            {
                // Naming clusters would be no use: grpc-js never reports the first of a list.
                SendAllClusters = true,
                LoadReportingInterval = options.ReportInterval.ToDuration(),
                ReportEndpointGranularity = true,
            },
            cancellationToken);
        var source = LoadReportReader.Source(reporter.Node);
        var pace = new ReadingPace(options.ReportsPerSecond, time, StreamMetrics.ReporterThrottled);
        do
        {
            foreach (var stats in requests.Current.ClusterStats)
            {
                reporter.Heard(stats, time.GetUtcNow());
                pump.Add(stats, source);
            }

            await pace.Read(cancellationToken);
        }
        while (await requests.MoveNext(cancellationToken));
    }
}
