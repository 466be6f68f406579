using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Snapshots;

public class SnapshotCompilerTests
{
    private static readonly ServiceId Service = new("default", "greeter");

    private sealed record Made(ServiceSnapshot Snapshot, bool Changed, SnapshotDiff Diff);

    private static Made Compile(
        ServiceSnapshot? previous, IEnumerable<EndpointSnapshot> endpoints, TrafficPolicy? policy = null, long epoch = 1)
    {
        var snapshot = SnapshotCompiler.Compile(Service, endpoints, policy ?? TrafficPolicy.Default, previous, epoch, Given.Start, "cause");
        return new(snapshot, !ReferenceEquals(snapshot, previous), SnapshotDiff.Between(previous, snapshot));
    }

    [Fact]
    public void The_first_snapshot_is_number_one_of_its_epoch_and_holds_everything_in_order()
    {
        var made = Compile(null, [Given.Snapshot("b"), Given.Snapshot("B"), Given.Snapshot("a")], epoch: 7);
        Assert.True(made.Changed);
        Assert.Equal(new SnapshotVersion(7, 1), made.Snapshot.Version);
        Assert.Equal(["B", "a", "b"], made.Snapshot.Endpoints.Select(e => e.Id));
        Assert.Equal((Service, Given.Start, "cause"), (made.Snapshot.Service, made.Snapshot.At, made.Snapshot.Cause));
    }

    [Fact]
    public void When_nothing_visible_changed_the_previous_one_stays()
    {
        var labels = ImmutableSortedDictionary<string, string>.Empty.Add("v", "1");
        var first = Compile(null, [Given.Snapshot() with { Labels = labels }]).Snapshot;
        var again = Compile(first, [Given.Snapshot() with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("v", "1") }], new TrafficPolicy());
        Assert.False(again.Changed);
        Assert.Same(first, again.Snapshot);
        Assert.True(again.Diff.Changes.IsEmpty);
    }

    public static TheoryData<string, Func<EndpointSnapshot, EndpointSnapshot>> Changes => new()
    {
        { "10.0.0.1:8080 -> 10.0.0.2:8080", e => e with { Address = "10.0.0.2" } },
        { "10.0.0.1:8080 -> [fd00::1]:8080", e => e with { Address = "fd00::1" } },
        { "10.0.0.1:8080 -> 10.0.0.1:81", e => e with { Port = 81 } },
        { "a: weight 1 -> 3", e => e with { ConfiguredWeight = 3, Weight = 300 } },
        { "a: effective weight 1 -> 0.1", e => e with { Weight = 10 } },
        { "a: locality unknown -> eu/eu-1/", e => e with { Locality = new("eu", "eu-1", "") } },
        { "a: labels changed", e => e with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("v", "2") } },
        { "a: ejection multiplier 0 -> 2", e => e with { EjectionMultiplier = 2 } },
        { "a: Healthy -> Draining (drained)", e => e with { Status = HealthStatus.Draining, Reason = "drained" } },
        { "a: Healthy -> Ejected until 12:00:30Z (5 consecutive 5xx), ejection multiplier 0 -> 1",
            e => e with { Status = HealthStatus.Ejected, EjectedUntil = Given.At(30), Reason = "5 consecutive 5xx", EjectionMultiplier = 1 } },
        { "a: ejection changed until 12:00:30Z", e => e with { EjectedUntil = Given.At(30) } },
        { "a: not ejected: full", e => e with { Reason = "not ejected: full" } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Each_visible_change_makes_a_version_and_a_line(string line, Func<EndpointSnapshot, EndpointSnapshot> change)
    {
        var first = Compile(null, [Given.Snapshot()]).Snapshot;
        var made = Compile(first, [change(Given.Snapshot())]);
        Assert.Equal(new SnapshotVersion(1, 2), made.Snapshot.Version);
        var only = Assert.Single(made.Diff.Changes);
        Assert.Equal(SnapshotChangeKind.EndpointChanged, only.Kind);
        Assert.Contains(line, only.Description, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', only.Description);
        Assert.Equal("a", only.EndpointId);
        Assert.Equal((first.Endpoints[0], made.Snapshot.Endpoints[0]), (only.Before, only.After));
    }

    [Fact]
    public void A_change_that_has_no_words_still_has_a_line()
    {
        var first = Compile(null, [Given.Snapshot() with { Reason = "x" }]).Snapshot;
        Assert.Equal("a: changed", Assert.Single(Compile(first, [Given.Snapshot()]).Diff.Changes).Description);
    }

    [Fact]
    public void Comings_and_goings_are_told()
    {
        var first = Compile(null, [Given.Snapshot("a"), Given.Snapshot("c", HealthStatus.Expired)]);
        Assert.Equal(
            ["a registered at 10.0.0.1:8080, weight 1", "c registered at 10.0.0.1:8080, weight 1"], first.Diff.Changes.Select(c => c.Description));
        var next = Compile(first.Snapshot, [Given.Snapshot("a"), Given.Snapshot("b")]);
        Assert.Equal(
            [(SnapshotChangeKind.EndpointAdded, "b", "b registered at 10.0.0.1:8080, weight 1"), (SnapshotChangeKind.EndpointRemoved, "c", "c removed (was Expired)")],
            next.Diff.Changes.Select(c => (c.Kind, c.EndpointId!, c.Description)));
    }

    [Theory]
    [InlineData(null, "DestinationRule/a/b@1", "DestinationRule/a/b@1 is in force")]
    [InlineData("DestinationRule/a/b@1", null, "DestinationRule/a/b@1 is no longer in force; the defaults hold")]
    [InlineData("DestinationRule/a/b@1", "DestinationRule/a/b@2", "DestinationRule/a/b@2 is in force instead of DestinationRule/a/b@1")]
    [InlineData("DestinationRule/a/b@1", "DestinationRule/a/b@1", "the policy changed")]
    public void A_change_of_policy_is_told(string? before, string? after, string line)
    {
        var first = Compile(null, [], new TrafficPolicy { Source = before, LoadBalancer = LoadBalancerAlgorithm.Random }).Snapshot;
        var made = Compile(first, [], new TrafficPolicy { Source = after });
        var change = Assert.Single(made.Diff.Changes);
        Assert.Equal((SnapshotChangeKind.PolicyChanged, line), (change.Kind, change.Description));
        Assert.Null(change.EndpointId);
        Assert.Equal(made.Snapshot.Policy, change.Policy);
    }

    [Fact]
    public void A_new_epoch_is_always_a_new_version_and_a_lost_one_keeps_versions_growing()
    {
        var first = Compile(null, [], epoch: 3).Snapshot;
        var next = Compile(first, [], epoch: 4);
        Assert.Equal((true, new SnapshotVersion(4, 1)), (next.Changed, next.Snapshot.Version));
        Assert.False(Compile(first, [], epoch: 2).Changed);
        Assert.Equal(new SnapshotVersion(3, 2), Compile(first, [Given.Snapshot()], epoch: 2).Snapshot.Version);
    }

    [Fact]
    public void Of_two_endpoints_with_one_id_the_later_holds()
    {
        var made = Compile(null, [Given.Snapshot() with { Port = 1 }, Given.Snapshot() with { Port = 2 }]);
        Assert.Equal(2, Assert.Single(made.Snapshot.Endpoints).Port);
    }

    [Fact]
    public void Versions_only_grow_and_a_version_is_one_content() => Properties.Hold(
        Steps,
        steps =>
        {
            ServiceSnapshot? previous = null;
            foreach (var (endpoints, policy, epoch) in steps)
            {
                var made = Compile(previous, endpoints, policy, epoch);
                Assert.True(previous is null || (made.Changed ? made.Snapshot.Version > previous.Version : ReferenceEquals(made.Snapshot, previous)));
                Assert.True(SnapshotEquality.Same(Compile(null, endpoints, policy, epoch).Snapshot.Endpoints, made.Snapshot.Endpoints));
                Assert.Equal(policy, made.Snapshot.Policy);
                previous = made.Snapshot;
            }
        });

    [Fact]
    public void A_diff_applied_to_the_one_before_gives_the_one_after() => Properties.Hold(
        Endpoints.Two(),
        given =>
        {
            var before = Compile(null, given.Item1).Snapshot;
            var after = Compile(before, given.Item2);
            Assert.True(SnapshotEquality.Same(after.Snapshot.Endpoints, Apply(after.Diff, before.Endpoints)));
            Assert.Equal(after.Diff.Changes.IsEmpty, SnapshotEquality.Same(before.Endpoints, after.Snapshot.Endpoints));
        });

    private static ImmutableArray<EndpointSnapshot> Apply(SnapshotDiff diff, ImmutableArray<EndpointSnapshot> endpoints)
    {
        var byId = new SortedDictionary<string, EndpointSnapshot>(endpoints.ToDictionary(e => e.Id), StringComparer.Ordinal);
        foreach (var change in diff.Changes)
        {
            byId.Remove(change.EndpointId!);
            if (change.After is { } after)
            {
                byId.Add(after.Id, after);
            }
        }

        return [.. byId.Values];
    }

    private static Gen<EndpointSnapshot[]> Endpoints => (
        from id in Gen.Elements("a", "b", "c", "D", "e")
        from status in Gen.Elements(Enum.GetValues<HealthStatus>())
        from label in Gen.Elements("", "x", "y")
        select Given.Snapshot(id, status) with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("l", label) }).ArrayOf();

    private static Gen<(EndpointSnapshot[], TrafficPolicy, long)[]> Steps => (
        from endpoints in Endpoints
        from source in Gen.Elements(null, "x")
        from epoch in Gen.Choose(1, 3)
        select (endpoints, new TrafficPolicy { Source = source }, (long)epoch)).ArrayOf();
}
