using System.Threading.Channels;
using Envoy.Config.Core.V3;
using Envoy.Service.LoadStats.V3;
using Grpc.Core;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Reports;

/// <summary>
/// Tells the control plane how requests end: failures at once but not without end, all else at the pace that it asks for. What cannot be delivered goes back
/// to where it was counted, so that what waits for a control plane is one set of numbers for each endpoint, however long it stays away.
/// </summary>
public sealed class LoadReporter(
    GatewaySeat seat,
    Node node,
    UpstreamRegistry registry,
    Backoff backoff,
    TimeProvider time,
    ILogger<LoadReporter> log) : BackgroundService
{
    /// <summary>Failures that come within this time go in one report.</summary>
    public static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(10);

    /// <summary>Reports of failures that may leave at once, one after the other.</summary>
    public const int UrgentBurst = 8;

    /// <summary>After those, one more in so long.</summary>
    public static readonly TimeSpan UrgentEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Endpoints in one message. gRPC's servers refuse messages above 4 MB, and an endpoint takes up to 2.6 KB where every bucket of its sketch is in use.
    /// </summary>
    public const int MostInOne = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ShortestPace = TimeSpan.FromMilliseconds(100);

    // No timer waits for longer than some weeks, and whoever says so means "never".
    private static readonly TimeSpan LongestPace = TimeSpan.FromDays(1);

    // Each endpoint is in it at most once, so it is as long as there are endpoints.
    private readonly Channel<EndpointState> _urgent = Channel.CreateUnbounded<EndpointState>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, long> _reportedAt = new(StringComparer.Ordinal);
    private readonly UrgentPace _urgentPace = new(UrgentBurst, UrgentEvery, time);
    private Terms _terms = new(true, [], TimeSpan.FromSeconds(1));

    /// <summary>What the control plane wants to hear.</summary>
    private sealed record Terms(bool All, HashSet<string> Clusters, TimeSpan Pace)
    {
        public bool Want(EndpointState endpoint) => endpoint.Reported && (All || Clusters.Contains(endpoint.Cluster));
    }

    /// <summary>Reports delivered.</summary>
    public long Delivered { get; private set; }

    /// <summary>An endpoint failed: report it at once.</summary>
    public void Failed(EndpointState endpoint)
    {
        if (endpoint.Reported && endpoint.TryMarkUrgent())
        {
            _urgent.Writer.TryWrite(endpoint);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Where discovery is: what a gateway decides on and what it tells of are then of one view.
                var sitting = await seat.Taken(stoppingToken);
                failures = await Converse(sitting, stoppingToken) ? 0 : failures + 1;
                failures = await Pause(failures, sitting, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Waits before the next attempt; not at all when that is at another gateway, and nothing has failed there yet.</summary>
    private async Task<int> Pause(int failures, Sitting sitting, CancellationToken stopping)
    {
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, sitting.Left);
            await Task.Delay(backoff.Wait(failures, Random.Shared.NextDouble()), time, either.Token);
            return failures;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return 0;
        }
    }

    private async Task<bool> Converse(Sitting sitting, CancellationToken stopping)
    {
        if (!sitting.Connection.TryShare())
        {
            return false;
        }

        using var shared = sitting.Connection;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, sitting.Left);
        using var calling = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var call = sitting.Connection.Reports.StreamLoadStats(cancellationToken: calling.Token);
        var agreed = false;
        var reading = Task.CompletedTask;
        try
        {
            await call.RequestStream.WriteAsync(new LoadStatsRequest { Node = node }, ending.Token);
            if (await call.ResponseStream.MoveNext(ending.Token))
            {
                agreed = true;
                Agree(call.ResponseStream.Current);
                reading = Read(call.ResponseStream, ending, calling.Token);
                await Report(call.RequestStream, ending.Token);
                await reading;
            }
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException or OperationCanceledException)
        {
            log.LogDebug("The load report's stream ended: {Why}", e.Message);
        }

        if (sitting.Left.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            await Farewell(call, reading);
        }

        stopping.ThrowIfCancellationRequested();
        return agreed;
    }

    /// <summary>Lets arrive what is on its way to a gateway that we leave: it counts as delivered.</summary>
    private async Task Farewell(AsyncDuplexStreamingCall<LoadStatsRequest, LoadStatsResponse> call, Task reading)
    {
        try
        {
            await call.RequestStream.CompleteAsync().WaitAsync(Patience, time);
            await reading.WaitAsync(Patience, time);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException or OperationCanceledException or TimeoutException)
        {
            log.LogDebug("The gateway did not hear the end of the reports: {Why}", e.Message);
        }
    }

    /// <summary>Reads until the stream ends. A read that is called off would take the whole call along, with what is on its way.</summary>
    private async Task Read(IAsyncStreamReader<LoadStatsResponse> responses, CancellationTokenSource ending, CancellationToken calling)
    {
        try
        {
            while (await responses.MoveNext(calling))
            {
                Agree(responses.Current);
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
        }

        // Nobody listens any more: the reporting side must stop, too.
        try
        {
            await ending.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has.
        }
    }

    private void Agree(LoadStatsResponse response)
    {
        // Read as numbers: ToTimeSpan throws on what is absurd.
        var asked = response.LoadReportingInterval is { } interval ? interval.Seconds + interval.Nanos / 1e9 : 1;
        var pace = TimeSpan.FromSeconds(Math.Clamp(asked, ShortestPace.TotalSeconds, LongestPace.TotalSeconds));
        _terms = new Terms(response.SendAllClusters, [.. response.Clusters], pace);
    }

    private async Task Report(IClientStreamWriter<LoadStatsRequest> writer, CancellationToken ending)
    {
        var regular = time.GetTimestamp();
        var last = regular - time.TimestampFrequency;
        while (true)
        {
            var left = _terms.Pace - time.GetElapsedTime(regular);
            var urgent = left > TimeSpan.Zero && await FailureWithin(left, ending);
            if (urgent)
            {
                await Hold(last, regular, ending);
                urgent = time.GetElapsedTime(regular) < _terms.Pace;
            }

            if (urgent)
            {
                _urgentPace.Spend();
            }

            var seen = Take(everything: !urgent);
            if (!urgent)
            {
                regular = time.GetTimestamp();
            }

            last = time.GetTimestamp();
            await Deliver(writer, seen);
        }
    }

    /// <summary>Waits until a failure may leave ahead of the interval, at most until everything does.</summary>
    private async Task Hold(long last, long regular, CancellationToken ending)
    {
        var together = Coalesce - time.GetElapsedTime(last);
        var turn = _urgentPace.Wait();
        var left = _terms.Pace - time.GetElapsedTime(regular);
        var wait = turn > together ? turn : together;
        wait = wait < left ? wait : left;
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, ending);
        }
    }

    /// <summary>Waits for a failure, at most so long.</summary>
    private async Task<bool> FailureWithin(TimeSpan most, CancellationToken ending)
    {
        if (_urgent.Reader.TryPeek(out _))
        {
            return true;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ending);
        var failure = _urgent.Reader.WaitToReadAsync(limit.Token).AsTask();
        await Task.WhenAny(failure, Task.Delay(most, time, limit.Token));
        await limit.CancelAsync();
        ending.ThrowIfCancellationRequested();
        return failure.IsCompletedSuccessfully;
    }

    private List<Seen> Take(bool everything)
    {
        var seen = new List<Seen>();
        while (_urgent.Reader.TryRead(out var endpoint))
        {
            endpoint.ClearUrgent();
            TakeFrom(endpoint, seen);
        }

        foreach (var endpoint in everything ? registry.Endpoints : [])
        {
            TakeFrom(endpoint, seen);
        }

        return seen;
    }

    private void TakeFrom(EndpointState endpoint, List<Seen> seen)
    {
        if (_terms.Want(endpoint) && endpoint.Tally.Drain(time.GetTimestamp()) is { IsEmpty: false } period)
        {
            seen.Add(new Seen(endpoint, period));
        }
    }

    private async Task Deliver(IClientStreamWriter<LoadStatsRequest> writer, List<Seen> seen)
    {
        if (seen.Count == 0)
        {
            return;
        }

        var sent = 0;
        try
        {
            var clock = new ReportClock(time.GetTimestamp(), time.TimestampFrequency);
            var clusters = seen.Select(s => s.Endpoint.Cluster).ToHashSet(StringComparer.Ordinal);
            var intervals = clusters.ToDictionary(c => c, c => Interval(c, clock.Now), StringComparer.Ordinal);
            foreach (var part in seen.Chunk(MostInOne))
            {
                await writer.WriteAsync(new LoadStatsRequest { ClusterStats = { ReportBuilder.Build(part, c => intervals[c], clock) } });
                sent += part.Length;
            }

            Delivered++;
            foreach (var cluster in clusters)
            {
                _reportedAt[cluster] = clock.Now;
            }
        }
        catch
        {
            foreach (var (endpoint, period) in seen.Skip(sent))
            {
                endpoint.Tally.PutBack(period);
                if (period.Counts.Failed > 0)
                {
                    Failed(endpoint);
                }
            }

            throw;
        }
    }

    private TimeSpan Interval(string cluster, long now) => _reportedAt.TryGetValue(cluster, out var at) ? time.GetElapsedTime(at, now) : _terms.Pace;
}
