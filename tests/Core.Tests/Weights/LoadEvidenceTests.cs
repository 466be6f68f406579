using Mesh.Core.Outliers;
using Mesh.Core.Weights;
using Xunit;

namespace Mesh.Core.Tests.Weights;

public class LoadEvidenceTests
{
    private static readonly LoadEvidence Plenty = new(100, 0, 100, 1, 1, InFlight: 10, InFlightBefore: 10);

    [Theory]
    [InlineData(10, 9, false)]
    [InlineData(10, 8.9, true)]
    [InlineData(4, 1, false)]
    [InlineData(4.1, 1, true)]
    public void A_queue_drains_when_a_tenth_of_more_than_four_requests_are_gone(double before, double now, bool drains) =>
        Assert.Equal(drains, (Plenty with { InFlightBefore = before, InFlight = now }).Drains);

    [Fact]
    public void A_response_time_by_littles_law_is_worth_a_quarter_of_a_measured_one()
    {
        Assert.Equal(110, Plenty.Worth);
        Assert.Equal(27.5, (Plenty with { Answered = 0 }).Worth);
    }

    [Fact]
    public void Requests_under_way_count_half_where_latencies_are_reported_and_in_full_where_they_are_not()
    {
        Assert.Equal(0.01, (Plenty with { InFlightSeconds = 1.9 }).ResponseSeconds);
        Assert.Equal(0.015, (Plenty with { InFlightSeconds = 3 }).ResponseSeconds);
        Assert.Equal(0.03, (Plenty with { InFlightSeconds = 3, Answered = 0 }).ResponseSeconds);
        Assert.Equal(3, (Plenty with { InFlightSeconds = 3, Answered = 0, Requests = 0.5 }).ResponseSeconds);
    }

    [Fact]
    public void The_share_of_failures_is_of_all_requests_however_few()
    {
        Assert.Equal(0.5, (Plenty with { Requests = 2, Failed = 1 }).FailureShare);
        Assert.Equal(0, default(LoadEvidence).FailureShare);
    }

    [Theory]
    [InlineData(0, 97)]
    [InlineData(2, 90)]
    [InlineData(10, 50)]
    [InlineData(14, 30)]
    [InlineData(500, 30)]
    public void The_past_fades_the_faster_the_more_there_is_that_is_new(int requests, double left)
    {
        var after = Plenty.With(new EndpointObservation { EndpointId = "a", Succeeded = requests }, 1);

        Assert.Equal(left + requests, after.Requests, 9);
        Assert.Equal((0, 10), (after.InFlight, after.InFlightBefore));
    }

    [Fact]
    public void Requests_under_way_are_an_average_over_the_period() =>
        Assert.Equal(3, Plenty.With(new EndpointObservation { EndpointId = "a", InFlightSeconds = 6 }, 2).InFlight);
}
