using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Mesh.Core.Outliers;
using Mesh.Xds.LoadReports;
using static Mesh.Xds.Tests.Snapshots;
using HealthStatus = Mesh.Core.Health.HealthStatus;

namespace Mesh.Xds.Tests.LoadReports;

public sealed class LoadReportReaderTests
{
    private static readonly EndpointIndex Index = EndpointIndex.Of(Of(
        1, Endpoint("a", 1), Endpoint("b", 2, HealthStatus.Draining), Endpoint("six", 3) with { Address = "::1" }));

    [Fact]
    public void A_plain_report_tells_how_many_but_not_in_which_order() => Assert.Equal(
        [new EndpointObservation { EndpointId = "a", Succeeded = 5, Failed = 2 }],
        Read(Stats("10.0.0.1", 1, 5, 2)).Observations);

    [Fact]
    public void Our_proxys_metrics_tell_what_sort_of_failures_and_how_they_ended() => Assert.Equal(
        [
            new EndpointObservation
            {
                EndpointId = "a", Succeeded = 5, Failed = 9, GatewayFailed = 4, LocalOriginFailed = 3,
                TrailingFailures = 2, TrailingGatewayFailures = 1, TrailingLocalOriginFailures = 0,
            },
        ],
        Read(Stats(
            "10.0.0.1", 1, 5, 9,
            (MetricNames.GatewayFailure, 4), (MetricNames.LocalOriginFailure, 3),
            (MetricNames.Trailing5xx, 2), (MetricNames.TrailingGatewayFailure, 1), (MetricNames.TrailingLocalOriginFailure, 0), ("cpu", 1))).Observations);

    [Fact]
    public void One_that_is_leaving_is_still_known_and_so_is_an_address_in_other_words()
    {
        var read = Read(Stats("10.0.0.1", 2, 1, 0), Stats("0:0:0:0:0:0:0:1", 3, 1, 0));

        Assert.Equal(["b", "six"], read.Observations.Select(o => o.EndpointId));
    }

    [Fact]
    public void What_cannot_be_led_back_is_counted_and_no_more()
    {
        var read = Read(Stats("10.0.0.1", 9, 1, 0), Stats("10.0.0.1", 1, 0, 0), new UpstreamEndpointStats { TotalErrorRequests = 1 });

        Assert.Empty(read.Observations);
        Assert.Equal(2, read.UnknownEndpoints);
    }

    [Fact]
    public void A_locality_without_endpoints_is_counted_apart()
    {
        var stats = new ClusterStats { UpstreamLocalityStats = { new UpstreamLocalityStats { TotalSuccessfulRequests = 3, TotalErrorRequests = 4 } } };

        Assert.Equal(7, LoadReportReader.Read(stats, Index).Unattributed);
    }

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(-1, 0)]
    [InlineData(double.PositiveInfinity, LoadReportReader.MaxCount)]
    public void Absurd_numbers_are_cut(double value, long expected)
    {
        var observation = Assert.Single(Read(Stats("10.0.0.1", 1, ulong.MaxValue, ulong.MaxValue, (MetricNames.Trailing5xx, value))).Observations);

        Assert.Equal((LoadReportReader.MaxCount, LoadReportReader.MaxCount, expected), (observation.Succeeded, observation.Failed, observation.TrailingFailures));
    }

    private static ClusterObservations Read(params UpstreamEndpointStats[] stats) => LoadReportReader.Read(
        new ClusterStats { ClusterName = "default/greeter", UpstreamLocalityStats = { new UpstreamLocalityStats { UpstreamEndpointStats = { stats } } } }, Index);

    private static UpstreamEndpointStats Stats(string address, uint port, ulong succeeded, ulong failed, params (string Name, double Value)[] metrics) => new()
    {
        Address = new Address { SocketAddress = new SocketAddress { Address = address, PortValue = port } },
        TotalSuccessfulRequests = succeeded,
        TotalErrorRequests = failed,
        LoadMetricStats = { metrics.Select(m => new EndpointLoadMetricStats { MetricName = m.Name, TotalMetricValue = m.Value }) },
    };
}
