using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Core.Health;
using Mesh.Core.Snapshots;
using Mesh.Core.Weights;
using Xunit;

namespace Mesh.Core.Tests.Snapshots;

public class SnapshotTests
{
    [Theory]
    [InlineData(HealthStatus.Healthy, true, 500)]
    [InlineData(HealthStatus.Suspect, true, 500)]
    [InlineData(HealthStatus.Ejected, false, 500)]
    [InlineData(HealthStatus.Probing, true, 50)]
    [InlineData(HealthStatus.Draining, false, 500)]
    [InlineData(HealthStatus.Expired, false, 500)]
    public void Status_decides_on_rotation_and_weight(HealthStatus status, bool inRotation, int weight)
    {
        Assert.Equal(inRotation, Given.Snapshot(status: status).InRotation);
        Assert.Equal(weight, EffectiveWeight.Of(5, status));
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(-7, 100)]
    [InlineData(1, 100)]
    [InlineData(1000, 100_000)]
    [InlineData(1001, 100_000)]
    [InlineData(int.MaxValue, 100_000)]
    public void Weights_outside_of_their_range_are_the_nearest_in_it(int configured, int weight) =>
        Assert.Equal(weight, EffectiveWeight.Of(configured, HealthStatus.Healthy));

    [Fact]
    public void An_endpoint_is_shown_as_it_was_registered_and_as_it_stands()
    {
        var life = new Life();
        var spec = Given.Spec("x") with
        {
            Address = "10.1.2.3",
            Port = 99,
            Weight = 4,
            Locality = new("r", "z", "s"),
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("k", "v"),
        };
        life.On(new Registered(spec));
        life.Ejected(at: 10);
        Assert.True(SnapshotEquality.Same(
            new EndpointSnapshot
            {
                Id = "x",
                Address = "10.1.2.3",
                Port = 99,
                ConfiguredWeight = 4,
                Weight = 400,
                Locality = new("r", "z", "s"),
                Labels = ImmutableSortedDictionary<string, string>.Empty.Add("k", "v"),
                Status = HealthStatus.Ejected,
                EjectedUntil = Given.At(40),
                EjectionMultiplier = 1,
                Reason = "5 consecutive 5xx",
            },
            life.State.ToSnapshot()));
    }

    [Fact]
    public void Lists_are_the_same_by_content_and_order()
    {
        ImmutableArray<EndpointSnapshot> two = [Given.Snapshot("a"), Given.Snapshot("b")];
        Assert.True(SnapshotEquality.Same(two, [Given.Snapshot("a"), Given.Snapshot("b")]));
        Assert.False(SnapshotEquality.Same(two, [Given.Snapshot("b"), Given.Snapshot("a")]));
        Assert.False(SnapshotEquality.Same(two, [Given.Snapshot("a")]));
        Assert.True(SnapshotEquality.Same([], []));
    }

    [Fact]
    public void Versions_are_ordered_by_epoch_then_number()
    {
        SnapshotVersion small = new(1, 9), large = new(2, 1), same = new(2, 1), larger = new(2, 2);
        Assert.True(small < large && large < larger && larger > small && large >= same && large <= same && small <= large);
        Assert.False(small > large || larger < large || small >= large || larger <= large || large < same || large > same);
        Assert.Equal("2.1", large.ToString());
    }

    [Fact]
    public void A_snapshot_survives_json()
    {
        var snapshot = SnapshotCompiler.Compile(
            new("default", "a"), [Given.Snapshot("a", HealthStatus.Probing)], new() { Source = "x" }, null, 3, Given.Start, "trace");
        var read = JsonSerializer.Deserialize<ServiceSnapshot>(JsonSerializer.Serialize(snapshot))!;
        Assert.True(SnapshotEquality.Same(snapshot.Endpoints, read.Endpoints));
        Assert.Equal(snapshot, read with { Endpoints = snapshot.Endpoints });
    }
}
