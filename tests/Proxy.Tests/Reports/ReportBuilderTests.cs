using Google.Protobuf;
using Mesh.Core.Latency;
using Mesh.Proxy.Reports;
using Mesh.Proxy.Upstream;
using Xunit;

namespace Mesh.Proxy.Tests.Reports;

public class ReportBuilderTests
{
    private static readonly ReportClock Clock = new(1_000_000, 1000);

    [Fact]
    public void As_many_endpoints_as_go_in_one_message_stay_below_what_a_server_takes_whatever_they_did()
    {
        var seen = Enumerable.Range(0, LoadReporter.MostInOne).Select(i => Busy(new EndpointState("namespace/service", $"[2001:db8::ffff:{i:x}]:65535")));

        var stats = ReportBuilder.Build(seen, _ => TimeSpan.FromSeconds(1), Clock).Single();

        Assert.Equal(LoadReporter.MostInOne, stats.UpstreamLocalityStats.Single().UpstreamEndpointStats.Count);
        Assert.InRange(stats.ToByteArray().Length, 1, 4 * 1024 * 1024 - 64 * 1024);
    }

    [Fact]
    public void An_endpoint_that_nothing_happened_to_is_left_out()
    {
        var idle = new EndpointState("c", "10.0.0.1:80");

        Assert.Empty(ReportBuilder.Build([new Seen(idle, idle.Tally.Drain(1))], _ => TimeSpan.Zero, Clock));
    }

    /// <summary>One that has something to say in every metric, and in every bucket.</summary>
    private static Seen Busy(EndpointState endpoint)
    {
        endpoint.Begin(1);
        for (var bucket = 0; bucket < LatencySketch.Buckets; bucket++)
        {
            var took = TimeSpan.FromSeconds(LatencySketch.UpperBound(bucket));
            for (var i = 0; i < 200; i++)
            {
                endpoint.Settle(new(TryResult.Success, 5, (AnswerClass)(1 + i % 3), took));
            }
        }

        endpoint.Settle(new(TryResult.GatewayError, 6, AnswerClass.ServerError, TimeSpan.FromSeconds(1)));
        endpoint.Settle(new(TryResult.LocalOrigin, 7));
        return new Seen(endpoint, endpoint.Tally.Drain(500_000));
    }
}
