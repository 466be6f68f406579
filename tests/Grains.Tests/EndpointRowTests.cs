using System.Text.Json;
using Mesh.Core.Policies;
using Mesh.Grains.Endpoints;
using Xunit;

namespace Mesh.Grains.Tests;

public class EndpointRowTests
{
    [Fact]
    public void A_row_of_the_previous_form_keeps_its_outlier_detection()
    {
        var row = JsonSerializer.Deserialize<EndpointRow>("""{"Policy":{"Consecutive5xx":9,"Interval":"00:00:04"}}""")!;
        Assert.Equal(9, row.InForce.OutlierDetection.Consecutive5xx);
        Assert.Equal(TimeSpan.FromSeconds(4), row.InForce.OutlierDetection.Interval);
        Assert.Null(row.InForce.HealthCheck);
    }

    [Fact]
    public void A_row_without_any_policy_has_the_default() =>
        Assert.Equal(TrafficPolicy.Default, JsonSerializer.Deserialize<EndpointRow>("{}")!.InForce);

    [Fact]
    public void A_row_keeps_the_whole_policy_and_writes_it_once()
    {
        var policy = new TrafficPolicy { HealthCheck = new HealthCheck { Path = "/healthz" }, Source = "DestinationRule/shop/cart@7" };
        var json = JsonSerializer.Serialize(new EndpointRow { Traffic = policy });
        Assert.Equal(policy, JsonSerializer.Deserialize<EndpointRow>(json)!.InForce);
        Assert.DoesNotContain("\"Policy\":", json, StringComparison.Ordinal);
    }
}
