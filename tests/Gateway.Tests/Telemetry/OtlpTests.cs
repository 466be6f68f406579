using System.Diagnostics;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Service.LoadStats.V3;
using Grpc.Net.Client;
using Mesh.Gateway.Telemetry;
using Mesh.Gateway.Tests.Rest;
using Mesh.Gateway.Tests.Streams;
using Mesh.Xds;
using Mesh.Xds.LoadReports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Tests.Telemetry;

public sealed class OtlpTests
{
    [Fact]
    public async Task One_trace_leads_from_an_endpoints_report_to_the_push()
    {
        await using var collector = await OtlpReceiver.Start();
        var reported = new TaskCompletionSource();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == MeshTelemetry.Name,
            ActivityStopped = activity =>
            {
                if (activity.OperationName == "report" && activity.GetTagItem("mesh.service") is "default/traced")
                {
                    reported.TrySetResult();
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using (var server = new RestServer(null, collector.Endpoint))
        {
            await server.InitializeAsync();
            for (var i = 1; i <= 10; i++)
            {
                await server.Put($"/v1/services/default/traced/endpoints/e{i}", $$"""{"address":"127.0.0.1","port":{{1000 + i}}}""");
            }

            using var channel = GrpcChannel.ForAddress(server.Grpc);
            using var proxy = new TestClient(channel);
            await proxy.Ask(ResourceType.Endpoints, "default/traced");
            var first = await proxy.Receive();
            await proxy.Accept(first, "default/traced");
            using var reports = new LoadReportingService.LoadReportingServiceClient(channel).StreamLoadStats();
            await reports.RequestStream.WriteAsync(FiveFailures());
            // A registration may still be on its way when the proxy subscribes: that is another push, of another cause.
            while (!(await proxy.Receive()).Resources.Any(IsEjection))
            {
            }

            await reported.Task.WaitAsync(Eventually.Limit);
        }

        // Stopping has sent what was waiting.
        var spans = collector.Spans.ToList();
        var push = spans.First(push => push.Name == "push" && spans.Any(report => report.Name == "report" && report.Trace == push.Trace));
        var path = Ancestors(push, spans).Select(static span => span.Name).ToList();
        Assert.Equal("report", path[^1]);
        Assert.Contains("mesh.view.pull", path);
    }

    private static bool IsEjection(Google.Protobuf.WellKnownTypes.Any resource) =>
        ClusterLoadAssignment.Parser.ParseFrom(resource.Value).Endpoints
            .Any(group => group.LbEndpoints.Any(endpoint => endpoint.HealthStatus == Envoy.Config.Core.V3.HealthStatus.Unhealthy));

    [Fact]
    public async Task Traces_metrics_and_logs_all_arrive_under_the_name_of_the_service()
    {
        await using var collector = await OtlpReceiver.Start();
        await using (var server = new RestServer(null, collector.Endpoint))
        {
            await server.InitializeAsync();
            await server.Put("/v1/services/default/greeter/endpoints/a", """{"address":"10.0.0.1","port":80}""");
            server.App.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Mesh.Test").LogInformation("A line of log");
        }

        Assert.Equal(["/v1/logs", "/v1/metrics", "/v1/traces"], collector.Requests.Keys.Order(StringComparer.Ordinal));
        Assert.All(collector.Payloads, static payload => Assert.Contains("mesh-silo", payload, StringComparison.Ordinal));
        Assert.Contains(collector.Payloads, static payload => payload.Contains("mesh.view.pulls", StringComparison.Ordinal));
        Assert.Contains(collector.Payloads, static payload => payload.Contains("A line of log", StringComparison.Ordinal));
    }

    private static IEnumerable<ReceivedSpan> Ancestors(ReceivedSpan span, List<ReceivedSpan> all)
    {
        for (ReceivedSpan? at = span; at is not null; at = all.Find(other => other.Trace == at.Trace && other.Id == at.Parent))
        {
            yield return at;
        }
    }

    private static LoadStatsRequest FiveFailures() => new()
    {
        Node = new Node { Id = "test" },
        ClusterStats =
        {
            new ClusterStats
            {
                ClusterName = "default/traced",
                UpstreamLocalityStats =
                {
                    new UpstreamLocalityStats
                    {
                        UpstreamEndpointStats =
                        {
                            new UpstreamEndpointStats
                            {
                                Address = new Address { SocketAddress = new SocketAddress { Address = "127.0.0.1", PortValue = 1001 } },
                                TotalErrorRequests = 5,
                                LoadMetricStats =
                                {
                                    new EndpointLoadMetricStats { MetricName = MetricNames.Trailing5xx, NumRequestsFinishedWithMetric = 1, TotalMetricValue = 5 },
                                },
                            },
                        },
                    },
                },
            },
        },
    };
}
