using System.Diagnostics;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Service.LoadStats.V3;
using Grpc.Core;
using Mesh.Core.Outliers;
using Mesh.Gateway.Streams;
using Mesh.Gateway.Telemetry;
using Mesh.Xds.LoadReports;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

public sealed class LrsTests
{
    private const string Greeter = "default/greeter";

    // So long that what a test sees cannot have been waiting for it.
    private static readonly StreamOptions Patient = new() { ReportInterval = TimeSpan.FromHours(1) };

    private static readonly StreamOptions Quick = new() { ReportInterval = TimeSpan.FromMilliseconds(20) };

    [Fact]
    public async Task The_first_answer_asks_for_everything_endpoint_by_endpoint()
    {
        await using var host = await StreamHost.Start();
        using var call = Open(host);
        await call.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "n" } });
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.True(await call.ResponseStream.MoveNext(limit.Token));

        Assert.True(call.ResponseStream.Current.SendAllClusters);
        Assert.True(call.ResponseStream.Current.ReportEndpointGranularity);
        Assert.Equal(1, call.ResponseStream.Current.LoadReportingInterval.Seconds);
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(limit.Token));
    }

    [Fact]
    public async Task A_stream_that_says_nothing_is_closed()
    {
        await using var host = await StreamHost.Start(new StreamOptions { FirstRequestTimeout = TimeSpan.FromMilliseconds(50) });
        using var silent = Open(host);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var end = await Assert.ThrowsAsync<RpcException>(() => silent.ResponseStream.MoveNext(limit.Token));

        Assert.Equal(StatusCode.DeadlineExceeded, end.StatusCode);
    }

    [Fact]
    public async Task Failures_are_passed_on_at_once()
    {
        await using var host = await StreamHost.Start(Patient);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 2, 3, (MetricNames.Trailing5xx, 3), (MetricNames.GatewayFailure, 1))));
        await Eventually.True(() => host.Reports.Count == 1);

        Assert.True(host.Reports.TryDequeue(out var report));
        Assert.Equal(Greeter, report.Service.ToString());
        Assert.Equal(
            new EndpointObservation { EndpointId = "a", Succeeded = 2, Failed = 3, GatewayFailed = 1, TrailingFailures = 3, TrailingGatewayFailures = 0, TrailingLocalOriginFailures = 0 },
            Assert.Single(report.Observations) with { Sources = [] });
    }

    [Fact]
    public async Task A_report_says_who_saw_the_failures_and_when_by_the_gateways_clock()
    {
        await using var host = await StreamHost.Start(Patient);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var call = Open(host);
        await call.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "web-1" } });
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 3, (MetricNames.Trailing5xx, 3), (MetricNames.RunAge, 20))));
        await Eventually.True(() => host.Reports.Count == 1);

        Assert.True(host.Reports.TryDequeue(out var report));
        var seen = Assert.Single(report.Observations);
        Assert.Equal(new ReportSource("web-1", 3, new FailureRuns(3, 0, 0)), Assert.Single(seen.Sources));
        Assert.InRange(report.SentAt!.Value - seen.RunBegan!.Value, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20) + Eventually.Limit);
    }

    [Fact]
    public async Task Successes_of_all_clients_are_added_up_and_passed_on_with_the_interval()
    {
        await using var host = await StreamHost.Start(Quick with { ReportInterval = TimeSpan.FromMilliseconds(500) });
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var one = Open(host);
        using var two = Open(host);
        for (var i = 0; i < 50; i++)
        {
            await one.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 1, 0)));
            await two.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 2, 0)));
        }

        await Eventually.True(() => host.Reports.Sum(report => report.Observations.Sum(o => o.Succeeded)) == 150);
        Assert.True(host.Reports.Count < 100, "Each report of a client made a call.");
    }

    [Fact]
    public async Task While_a_service_judges_the_next_report_fills_up_and_there_is_one_call_at_a_time()
    {
        await using var host = await StreamHost.Start(Quick);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        host.View.Set("default/last", Endpoint("a", "127.0.0.1", 1001));
        var judged = new TaskCompletionSource();
        host.OnReport = async report =>
        {
            await (report.Service.Name == "last" ? Task.CompletedTask : judged.Task);
            return await StreamHost.Taken(report);
        };
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 1)));
        await Eventually.True(() => host.Reports.Count == 1);
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 1)));
        }

        // Once this one is passed on, those before it have been read.
        await call.RequestStream.WriteAsync(Report("default/last", Stats(1001, 0, 1)));
        await Eventually.True(() => host.Reports.Any(report => report.Service.Name == "last"));
        Assert.Single(OfGreeter());
        judged.SetResult();
        await Eventually.True(() => OfGreeter().Count() == 2);
        Assert.Equal([1L, 100], OfGreeter().Select(report => report.Observations[0].Failed));

        IEnumerable<ServiceReport> OfGreeter() => host.Reports.Where(report => report.Service.Name == "greeter");
    }

    [Fact]
    public async Task A_report_that_a_service_did_not_take_is_tried_again_with_what_came_since()
    {
        await using var host = await StreamHost.Start(Quick);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        var attempts = 0;
        host.OnReport = report => Interlocked.Increment(ref attempts) <= 3 ? throw new InvalidOperationException("busy") : StreamHost.Taken(report);
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 1, 4)));
        await Eventually.True(() => attempts == 4);

        Assert.All(host.Reports, report => Assert.Equal(4, Assert.Single(report.Observations).Failed));
    }

    [Fact]
    public async Task A_report_that_is_never_taken_is_dropped_after_its_retries()
    {
        await using var host = await StreamHost.Start(Quick with { ReportRetries = 2 });
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        host.OnReport = _ => throw new InvalidOperationException("busy");
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 4)));
        await Eventually.True(() => host.Reports.Count == 3);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 1)));
        await Eventually.True(() => host.Reports.Count == 4);

        Assert.Equal([4L, 4, 4, 1], host.Reports.Take(4).Select(report => report.Observations[0].Failed));
    }

    [Fact]
    public async Task A_report_that_may_have_been_taken_is_not_repeated()
    {
        await using var host = await StreamHost.Start(Quick with { ReportTimeout = TimeSpan.FromMilliseconds(50) });
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        var never = new TaskCompletionSource<Mesh.Contracts.ReportAnswer>();
        host.OnReport = _ => never.Task;
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 4)));
        await Eventually.True(() => host.Reports.Count == 1);
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, 1)));
        await Eventually.True(() => host.Reports.Count == 2);

        Assert.Equal([4L, 1], host.Reports.Select(report => report.Observations[0].Failed));
    }

    [Fact]
    public async Task What_is_reported_of_nothing_known_changes_nothing()
    {
        await using var host = await StreamHost.Start(Patient);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report("not a service", Stats(1001, 0, 1)));
        await call.RequestStream.WriteAsync(Report("default/unknown", Stats(1001, 0, 1)));
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1002, 0, 1)));
        await call.RequestStream.WriteAsync(Report(Greeter, new UpstreamEndpointStats { TotalErrorRequests = 1 }));
        await call.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 0, ulong.MaxValue, (MetricNames.Trailing5xx, double.NaN))));
        await Eventually.True(() => !host.Reports.IsEmpty);

        var observation = Assert.Single(Assert.Single(host.Reports).Observations);
        Assert.Equal(LoadReportReader.MaxCount, observation.Failed);
        Assert.Equal(0, observation.TrailingFailures);
    }

    [Fact]
    public async Task A_clients_status_says_what_it_does_with_weights_and_how_finely_it_reports()
    {
        await using var host = await StreamHost.Start(Patient);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var envoy = new TestClient(host, "envoy-1");
        using var grpc = new TestClient(host, "grpc-1", "gRPC C-core");
        await envoy.Ask(Mesh.Xds.ResourceType.Endpoints, "default/greeter");
        await grpc.Ask(Mesh.Xds.ResourceType.Endpoints, "default/greeter");
        await Eventually.True(() => host.Proxies.Count == 2);
        Assert.Equal(("Sidecar", "Followed", "None", null), Status("envoy-1"));
        Assert.Equal(("ProxylessGrpc", "Ignored", "None", null), Status("grpc-1"));

        using var ofEnvoy = Open(host);
        using var ofGrpc = Open(host);
        await ofEnvoy.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "envoy-1" } });
        await ofGrpc.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "grpc-1" } });
        await ofEnvoy.RequestStream.WriteAsync(Report(Greeter, Stats(1001, 1, 0)));
        await ofGrpc.RequestStream.WriteAsync(new LoadStatsRequest
        {
            ClusterStats = { new ClusterStats { ClusterName = Greeter, UpstreamLocalityStats = { new UpstreamLocalityStats { TotalSuccessfulRequests = 3 } } } },
        });
        await Eventually.True(() => Status("envoy-1").Reports == "PerEndpoint" && Status("grpc-1").Reports == "PerLocality");
        Assert.InRange(Status("grpc-1").At!.Value, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);

        await ofGrpc.RequestStream.CompleteAsync();
        await Eventually.True(() => Status("grpc-1").Reports == "None");
        Assert.Equal("PerEndpoint", Status("envoy-1").Reports);

        (string Kind, string Weights, string Reports, DateTimeOffset? At) Status(string node)
        {
            var proxy = Assert.Single(host.Proxies.Find(node));
            return (proxy.Kind, proxy.Weights, proxy.Reports, proxy.LastReportAt);
        }
    }

    [Fact]
    public async Task One_trace_leads_from_a_report_to_the_push()
    {
        List<Activity> activities = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MeshTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (activities)
                {
                    activities.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await StreamHost.Start(Patient);
        var endpoint = Endpoint("a", "127.0.0.1", 1001);
        host.View.Set("default/traced", endpoint);
        host.OnReport = report =>
        {
            host.View.Set("default/traced", new(), [endpoint with { Status = Mesh.Core.Health.HealthStatus.Ejected }], Activity.Current?.Id);
            return StreamHost.Taken(report);
        };
        using var client = new TestClient(host, "traced-proxy");
        await client.Ask(Mesh.Xds.ResourceType.Endpoints, "default/traced");
        await client.Receive();
        using var call = Open(host);
        await call.RequestStream.WriteAsync(Report("default/traced", Stats(1001, 0, 5)));
        await client.Receive();
        await Eventually.True(() => Find("push", "mesh.node", "traced-proxy") is not null && Find("report", "mesh.service", "default/traced") is not null);

        Assert.Equal(Find("report", "mesh.service", "default/traced")!.SpanId, Find("push", "mesh.node", "traced-proxy")!.ParentSpanId);

        Activity? Find(string name, string tag, string value)
        {
            lock (activities)
            {
                return activities.Find(a => a.OperationName == name && a.GetTagItem(tag) as string == value);
            }
        }
    }

    private static AsyncDuplexStreamingCall<LoadStatsRequest, LoadStatsResponse> Open(StreamHost host) =>
        new LoadReportingService.LoadReportingServiceClient(host.Channel).StreamLoadStats();

    private static LoadStatsRequest Report(string cluster, UpstreamEndpointStats stats) => new()
    {
        ClusterStats =
        {
            new ClusterStats { ClusterName = cluster, UpstreamLocalityStats = { new UpstreamLocalityStats { UpstreamEndpointStats = { stats } } } },
        },
    };

    private static UpstreamEndpointStats Stats(uint port, ulong succeeded, ulong failed, params (string Name, double Value)[] metrics) => new()
    {
        Address = new Address { SocketAddress = new SocketAddress { Address = "127.0.0.1", PortValue = port } },
        TotalSuccessfulRequests = succeeded,
        TotalErrorRequests = failed,
        LoadMetricStats =
        {
            metrics.Select(m => new EndpointLoadMetricStats { MetricName = m.Name, NumRequestsFinishedWithMetric = 1, TotalMetricValue = m.Value }),
        },
    };
}
