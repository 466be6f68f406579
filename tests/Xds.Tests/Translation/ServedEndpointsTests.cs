using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;

namespace Mesh.Xds.Tests.Translation;

public sealed class ServedEndpointsTests
{
    [Fact]
    public void Those_on_their_way_out_are_not_shown_and_the_ejected_are_out_of_rotation()
    {
        var served = ServedEndpoints.Of(Of(1, [.. Enum.GetValues<HealthStatus>().Select((status, i) => Endpoint($"{status}", i + 1, status))]));

        Assert.Equal(["Healthy", "Suspect", "Ejected", "Probing"], served.Select(e => e.Id));
        Assert.Equal(["Ejected"], served.Where(e => !e.InRotation).Select(e => e.Id));
    }

    [Fact]
    public void Of_several_with_one_address_the_one_in_rotation_is_shown_then_the_first()
    {
        var served = ServedEndpoints.Of(Of(
            1, Endpoint("a", 1, HealthStatus.Ejected), Endpoint("b", 1), Endpoint("c", 1), Endpoint("d", 2), Endpoint("e", 2, HealthStatus.Ejected)));

        Assert.Equal(["b", "d"], served.Select(e => e.Id));
    }

    [Fact]
    public void One_address_written_in_two_ways_is_one_address()
    {
        var served = ServedEndpoints.Of(Of(
            1, Endpoint("a", 1) with { Address = "::1" }, Endpoint("b", 1) with { Address = "0:0:0:0:0:0:0:1" }));

        Assert.Equal("::1", Assert.Single(served).Address);
    }

    [Fact]
    public void They_are_grouped_by_locality()
    {
        var served = ServedEndpoints.Of(Of(1, Endpoint("a", 1, zone: "z2"), Endpoint("b", 2, zone: "z1"), Endpoint("c", 3, zone: "z2")));

        Assert.Equal(["b", "a", "c"], served.Select(e => e.Id));
    }

    [Theory]
    [InlineData(1_000, 1_000)]
    [InlineData(1_001, 1)]
    [InlineData(20_000, 1)]
    public void The_largest_service_stays_within_what_gRPC_clients_take(int places, int groups)
    {
        static string Long(string prefix, int number) => $"{prefix}{number}".PadRight(128, 'x');
        var endpoints = Enumerable.Range(0, 20_000).Select(i => Endpoint($"e{i}", 10_000 + i) with
        {
            Address = "2001:db8:1111:2222:3333:4444:5555:6666",
            Locality = new Locality(Long("region", i % places), Long("zone", i % places), Long("rack", i % places)),
        });

        var assignment = EndpointsTranslation.Translate(Greeter, ServedEndpoints.Of(Of(1, [.. endpoints])), ClientKind.Sidecar);

        Assert.Equal((groups, 20_000), (assignment.Endpoints.Count, assignment.Endpoints.Sum(group => group.LbEndpoints.Count)));
        Assert.InRange(assignment.CalculateSize(), 1, 4 * 1024 * 1024 - 1024);
    }
}
