using Envoy.Service.LoadStats.V3;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Mesh.Gateway.Drain;
using Mesh.Xds.LoadReports;

namespace Mesh.Gateway.Streams;

/// <summary>
/// The LoadReportingService: clients say here what became of their requests. The first answer asks for everything, endpoint by endpoint; after that only
/// the client talks.
/// </summary>
internal sealed class LrsService(
    ReportPump pump, ResourceHub hub, StreamOptions options, TimeProvider time, Reporters reporters, DrainGate gate)
    : LoadReportingService.LoadReportingServiceBase
{
    /// <inheritdoc/>
    public override async Task StreamLoadStats(
        IAsyncStreamReader<LoadStatsRequest> requestStream, IServerStreamWriter<LoadStatsResponse> responseStream, ServerCallContext context)
    {
        var caller = Caller.Of(context);
        reporters.Enter(caller);
        await StreamCall.Serve(
            context,
            StreamKind.Lrs,
            gate,
            options,
            nameof(LoadStatsRequest),
            (seat, ending) => Serve(requestStream, responseStream, seat.Leaving, ending),
            _ => reporters.Leave(caller));
    }

    private async Task Serve(
        IAsyncStreamReader<LoadStatsRequest> requests, IServerStreamWriter<LoadStatsResponse> responses, CancellationToken leaving, CancellationToken gone)
    {
        // A read that is under way when the stream ends is called off.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(gone);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(gone, leaving);
        if (!await Peers.First(requests, options, time, waiting.Token))
        {
            return;
        }

        // Reports of services that are not known yet would be thrown away; a client waits for this answer, and keeps what it counts till then.
        await hub.Ready(waiting.Token);
        // Only the first request has to name the node.
        var node = requests.Current.Node?.Id;
        if (node?.Length > options.Ads.NodeIdLength)
        {
            throw Peers.Close("node", StatusCode.InvalidArgument, $"node.id has {node.Length} characters; at most {options.Ads.NodeIdLength} are taken.");
        }

        var reporter = reporters.Add(node);
        try
        {
            await Serve(reporter, requests, responses, ending, leaving);
        }
        finally
        {
            reporters.Remove(reporter);
        }
    }

    private async Task Serve(
        Reporter reporter,
        IAsyncStreamReader<LoadStatsRequest> requests,
        IServerStreamWriter<LoadStatsResponse> responses,
        CancellationTokenSource ending,
        CancellationToken leaving)
    {
        await responses.WriteAsync(
            new LoadStatsResponse
            {
                // Naming clusters would be no use: grpc-js never reports the first of a list.
                SendAllClusters = true,
                LoadReportingInterval = options.ReportInterval.ToDuration(),
                ReportEndpointGranularity = true,
            },
            ending.Token);
        var source = LoadReportReader.Source(reporter.Node);
        var pace = new ReadingPace(options.ReportsPerSecond, time, StreamMetrics.ReporterThrottled);
        do
        {
            foreach (var stats in requests.Current.ClusterStats)
            {
                reporter.Heard(stats, time.GetUtcNow());
                pump.Add(stats, source);
            }

            await pace.Read(ending.Token);
        }
        while (await Next(requests, ending, leaving));
    }

    /// <summary>The next report. When this gateway leaves, those that have come are still taken, and no others waited for.</summary>
    private static async Task<bool> Next(IAsyncStreamReader<LoadStatsRequest> requests, CancellationTokenSource ending, CancellationToken leaving)
    {
        var next = requests.MoveNext(ending.Token);
        try
        {
            return await (next.IsCompleted ? next : next.WaitAsync(leaving));
        }
        catch (OperationCanceledException) when (!next.IsCompleted)
        {
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }
}
