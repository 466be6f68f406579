using Envoy.Config.Endpoint.V3;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Mesh.Xds.LoadReports;
using Xunit;

namespace Mesh.Proxy.Tests.Reports;

public class LoadReportTests
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    public async Task Failures_are_reported_at_once_with_their_run_and_do_not_wait_for_the_interval()
    {
        await using var plane = await ControlPlane.Start(Never);
        await using var bad = await Backend.Start(Backend.Status(500));
        plane.Set("greeter", ControlPlane.Endpoint(bad));
        await using var proxy = await RunningProxy.Start(plane, "greeter");

        for (var i = 0; i < 5; i++)
        {
            await proxy.Text("greeter");
        }

        await Eventually.True(() => Sum(plane, bad, e => e.TotalErrorRequests) == 5, "five failures are reported");
        Assert.Equal(5, Sum(plane, bad, e => Metric(e, MetricNames.Trailing5xx)));
        Assert.Equal(5UL, Sum(plane, bad, e => e.TotalIssuedRequests));
        Assert.Equal(0UL, Sum(plane, bad, e => e.TotalSuccessfulRequests));
        Assert.Equal(0, Sum(plane, bad, e => Metric(e, MetricNames.GatewayFailure)));
    }

    [Fact]
    public async Task An_interval_that_no_timer_can_wait_for_means_never_and_harms_nothing()
    {
        await using var plane = await ControlPlane.Start(TimeSpan.FromDays(100_000));
        await using var bad = await Backend.Start(Backend.Status(500));
        plane.Set("greeter", ControlPlane.Endpoint(bad));
        await using var proxy = await RunningProxy.Start(plane, "greeter");

        await proxy.Text("greeter");

        await Eventually.True(() => Sum(plane, bad, e => e.TotalErrorRequests) == 1, "the failure is reported");
    }

    [Fact]
    public async Task A_success_after_failures_ends_the_run_in_the_same_or_a_later_report()
    {
        await using var plane = await ControlPlane.Start(TimeSpan.FromMilliseconds(100));
        await using var backend = await Backend.Start(Backend.Status(502));
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane, "greeter");

        Assert.Equal("status 502", await proxy.Text("greeter"));
        backend.Handler = Backend.Say("well again");
        Assert.Equal("well again", await proxy.Text("greeter"));

        await Eventually.True(() => Sum(plane, backend, e => e.TotalSuccessfulRequests) == 1, "the success is reported");
        var last = Of(plane, backend).Last();
        Assert.Equal(0, Metric(last, MetricNames.Trailing5xx));
        Assert.Equal(1, Sum(plane, backend, e => Metric(e, MetricNames.GatewayFailure)));
        Assert.Equal(1UL, Sum(plane, backend, e => e.TotalErrorRequests));
    }

    [Fact]
    public async Task A_try_that_was_retried_away_from_is_reported_against_its_endpoint()
    {
        await using var plane = await ControlPlane.Start(TimeSpan.FromMilliseconds(100));
        await using var bad = await Backend.Start(Backend.Status(503));
        await using var good = await Backend.Start("good");
        plane.Set("greeter", ControlPlane.Endpoint(bad), ControlPlane.Endpoint(good));
        await using var proxy = await RunningProxy.Start(plane, "greeter");

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("good", await proxy.Text("greeter"));
        }

        await Eventually.True(
            () => Sum(plane, bad, e => e.TotalErrorRequests) == 2 && Sum(plane, good, e => e.TotalSuccessfulRequests) == 4, "all six tries are reported");
        Assert.Equal(2, Sum(plane, bad, e => Metric(e, MetricNames.TrailingGatewayFailure)));
    }

    [Fact]
    public async Task A_connection_that_cannot_be_made_is_a_failure_of_local_origin()
    {
        await using var plane = await ControlPlane.Start(Never);
        var gone = await Backend.Start("gone");
        await gone.DisposeAsync();
        plane.Set("greeter", ControlPlane.Endpoint(gone.Port));
        await using var proxy = await RunningProxy.Start(plane, "greeter");

        await proxy.Text("greeter");

        await Eventually.True(() => Sum(plane, gone, e => e.TotalErrorRequests) == 3, "three tries are reported");
        Assert.Equal(3, Sum(plane, gone, e => Metric(e, MetricNames.LocalOriginFailure)));
        Assert.Equal(3, Sum(plane, gone, e => Metric(e, MetricNames.TrailingLocalOriginFailure)));
    }

    [Fact]
    public async Task What_happens_while_the_control_plane_is_away_is_reported_when_it_is_back()
    {
        await using var plane = await ControlPlane.Start(TimeSpan.FromMilliseconds(100));
        await using var backend = await Backend.Start("well");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await proxy.Text("greeter");
        await Eventually.True(() => Sum(plane, backend, e => e.TotalSuccessfulRequests) == 1, "the first is reported");

        await plane.Down();
        await Eventually.True(async () => !(await proxy.Config()).GetProperty("connected").GetBoolean(), "the proxy notices");
        plane.Reports.Clear();
        backend.Handler = Backend.Status(500);
        for (var i = 0; i < 3; i++)
        {
            await proxy.Text("greeter");
        }

        await plane.Up();

        await Eventually.True(() => Sum(plane, backend, e => e.TotalErrorRequests) == 3, "the three failures are reported");
        Assert.Equal(3, Sum(plane, backend, e => Metric(e, MetricNames.Trailing5xx)));
    }

    [Fact]
    public async Task A_request_that_has_no_answer_yet_is_reported_as_under_way()
    {
        await using var plane = await ControlPlane.Start(TimeSpan.FromMilliseconds(100));
        var answer = new TaskCompletionSource();
        await using var slow = await Backend.Start(async context =>
        {
            await answer.Task;
            await Backend.Say("at last")(context);
        });
        plane.Set("greeter", ControlPlane.Endpoint(slow));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        var request = proxy.Text("greeter");

        await Eventually.True(() => Of(plane, slow).Count(e => e.TotalIssuedRequests == 0 && e.TotalRequestsInProgress == 1) >= 2, "it is reported twice");
        answer.SetResult();
        Assert.Equal("at last", await request);

        var alone = Of(plane, slow).First(e => e is { TotalIssuedRequests: 0, TotalSuccessfulRequests: 0 });
        Assert.InRange(Metric(alone, MetricNames.InFlightSeconds), 1e-6, 30);
    }

    [Fact]
    public async Task What_the_proxy_says_the_control_plane_reads()
    {
        await using var plane = await ControlPlane.Start(Never);
        await using var backend = await Backend.Start(Backend.Status(404));
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await proxy.Text("greeter");
        backend.Handler = Backend.Status(302);
        await proxy.Text("greeter");
        backend.Handler = Backend.Status(500);
        await proxy.Text("greeter");
        await Eventually.True(() => Sum(plane, backend, e => e.TotalErrorRequests) == 1, "the failure is reported");

        var now = DateTimeOffset.UtcNow;
        var snapshot = new ServiceSnapshot
        {
            Service = new("default", "greeter"),
            Version = new(1, 1),
            Endpoints = [ControlPlane.Endpoint(backend)],
            Policy = new(),
            At = now,
        };
        var seen = plane.Reports.SelectMany(r => r.ClusterStats)
            .SelectMany(c => LoadReportReader.Read(c, EndpointIndex.Of(snapshot), "proxy-under-test", now).Observations).ToList();
        Assert.Equal((2, 1), (seen.Sum(o => o.Succeeded), seen.Sum(o => o.Failed)));
        Assert.Equal(3, seen.Sum(o => o.Latency!.Count));
        Assert.All(seen, o => Assert.InRange(o.Latency!.MeanSeconds, 1e-6, 30));
        Assert.Equal((1, 1, 1), (seen.Sum(o => o.Statuses.Redirected), seen.Sum(o => o.Statuses.ClientErrors), seen.Sum(o => o.Statuses.ServerErrors)));
        Assert.InRange(seen.Sum(o => o.InFlightSeconds), 1e-6, 30);
        var failing = seen.Single(o => o.Failed == 1);
        Assert.Equal(new ReportSource("proxy-under-test", 1, new FailureRuns(1, 0, 0)), Assert.Single(failing.Sources));
        Assert.InRange(failing.RunBegan!.Value, now.AddSeconds(-30), now);
        Assert.True(seen.Last(o => o.Succeeded > 0).LastSuccess <= failing.RunBegan);
    }

    private static List<UpstreamEndpointStats> Of(ControlPlane plane, Backend backend) =>
        [.. plane.Reports.SelectMany(r => r.ClusterStats)
            .Where(c => c.ClusterName == "default/greeter")
            .SelectMany(c => c.UpstreamLocalityStats)
            .SelectMany(l => l.UpstreamEndpointStats)
            .Where(e => e.Address.SocketAddress.PortValue == backend.Port)];

    private static double Metric(UpstreamEndpointStats stats, string name) => stats.LoadMetricStats.SingleOrDefault(m => m.MetricName == name)?.TotalMetricValue ?? 0;

    private static double Sum(ControlPlane plane, Backend backend, Func<UpstreamEndpointStats, double> of) => Of(plane, backend).Sum(of);

    private static ulong Sum(ControlPlane plane, Backend backend, Func<UpstreamEndpointStats, ulong> of) => Of(plane, backend).Aggregate(0UL, (sum, e) => sum + of(e));
}
