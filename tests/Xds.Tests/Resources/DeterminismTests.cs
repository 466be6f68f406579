using FsCheck;
using FsCheck.Fluent;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using Microsoft.FSharp.Core;
using static Mesh.Xds.Tests.Snapshots;

namespace Mesh.Xds.Tests.Resources;

/// <summary>
/// A version stands for the content. Two gateways, or one before and after a restart, come to the same mesh by different ways: other snapshots in
/// between, other numbers, another order, other resources asked for. What they send must be the same, byte by byte, or clients that change from one to the other
/// would be sent everything again.
/// </summary>
public sealed class DeterminismTests
{
    private static readonly ServiceId[] Services = [Greeter, new("shop", "cart"), new("shop", "billing"), new("a", "b")];

    private static readonly TrafficPolicy[] Policies =
    [
        TrafficPolicy.Default,
        new() { ConnectionPool = new() { MaxConnections = 7, MaxRequestsPerConnection = 3 }, Source = "DestinationRule/shop/cart@1" },
        new() { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x-user", MinimumRingSize = 64 } },
        new() { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x-session" } },
        new() { OutlierDetection = new() { Consecutive5xx = 3, MaxEjectionPercent = 20 }, HealthCheck = new() },
        new() { LocalityLbSetting = new() },
        new() { LocalityLbSetting = new() { FailoverPriority = ["version", FailoverLabels.Zone] } },
    ];

    private static readonly ClientPlace[] Places = [ClientPlace.Unknown, ClientPlace.At("eu", "a"), ClientPlace.At("eu", "b"), ClientPlace.At("us")];

    [Fact]
    public void Whatever_way_led_to_a_mesh_its_resources_have_the_same_versions_and_bytes()
    {
        var config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300).WithEndSize(60)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(11), FSharpOption<int>.None)));
        Check.One(config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Run));
    }

    [Fact]
    public void Hashes_are_no_different_in_another_run()
    {
        // Written down, because a hash that differs from process to process passes every comparison within one.
        Assert.Equal("ba7816bf8f01cfea", ContentHash.Of("abc"u8));
        Assert.Equal("e3b0c44298fc1c14", ContentHash.Of(ReadOnlySpan<byte>.Empty));
        Assert.Equal("cbf29ce484222325", ContentHash.Of(Array.Empty<(string, string)>()));
        Assert.Equal("850be8a003ff6201", ContentHash.Of([("a", "1"), ("b", "2")]));
    }

    [Fact]
    public void When_and_why_something_changed_goes_along_and_is_no_part_of_the_version()
    {
        const string Cause = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var first = Find(MeshResources.Empty.With(Greeter, Of(1, Endpoint("a", 1))).Next);
        var other = Find(MeshResources.Empty.With(Greeter, Of(9, Endpoint("a", 1)) with { Version = new(3, 1), Cause = Cause }).Next);

        Assert.Equal(first.Version, other.Version);
        Assert.Equal((DateTimeOffset.UnixEpoch.AddSeconds(1), (string?)null), (first.ChangedAt, first.Cause));
        Assert.Equal((DateTimeOffset.UnixEpoch.AddSeconds(9), Cause), (other.ChangedAt, other.Cause));

        static EncodedResource Find(MeshResources mesh) => mesh.For(ClientKind.Sidecar).Find(ResourceType.Endpoints, "default/greeter")!;
    }

    private static void Run(byte[] events)
    {
        var contents = new Dictionary<(ResourceType, string, string), ReadOnlyMemory<byte>>();
        var held = new Dictionary<ServiceId, ServiceSnapshot>();
        var mesh = MeshResources.Empty;
        var number = 0;
        foreach (var happens in events)
        {
            var service = Services[happens & 3];
            var next = (happens >> 5) == 7 ? null : Snapshot(service, happens >> 2, ++number);
            mesh = mesh.With(service, next).Next;
            if (next is null)
            {
                held.Remove(service);
            }
            else
            {
                held[service] = next;
            }

            // Some of it is encoded on the way and taken over, some is not.
            Known(mesh, happens % 3 == 0 ? 1 : 0, contents);
        }

        var fresh = MeshResources.Empty;
        foreach (var (service, snapshot) in held.OrderByDescending(pair => pair.Key))
        {
            fresh = fresh.With(service, snapshot with { Version = new(9, 1), At = default, Endpoints = [.. snapshot.Endpoints.Select(e => e with { })] }).Next;
        }

        var (one, other) = (All(mesh, int.MaxValue).ToList(), All(fresh, int.MaxValue).ToList());
        Assert.Equal(one.Select(r => (r.Type, r.Name, r.Version)), other.Select(r => (r.Type, r.Name, r.Version)));
        Assert.All(one.Zip(other), pair => Assert.True(pair.First.Field.Span.SequenceEqual(pair.Second.Field.Span)));
        Known(mesh, int.MaxValue, contents);
    }

    /// <summary>One version is one content, over all that ever was.</summary>
    private static void Known(MeshResources mesh, int kinds, Dictionary<(ResourceType, string, string), ReadOnlyMemory<byte>> contents)
    {
        foreach (var resource in All(mesh, kinds))
        {
            var key = (resource.Type, resource.Name, resource.Version);
            Assert.True(!contents.TryGetValue(key, out var before) || before.Span.SequenceEqual(resource.Field.Span));
            contents[key] = resource.Field;
        }
    }

    private static IEnumerable<EncodedResource> All(MeshResources mesh, int kinds)
    {
        foreach (var kind in ClientKinds.All.Take(kinds))
        {
            foreach (var place in Places)
            {
                var source = mesh.For(new ClientProfile { Kind = kind, Place = place });
                foreach (var resource in ResourceTypes.InOrder.SelectMany(type => Names(type).Select(name => source.Find(type, name))).OfType<EncodedResource>())
                {
                    yield return resource;
                }

                foreach (var resource in ResourceTypes.InOrder.SelectMany(source.All))
                {
                    yield return resource;
                }
            }
        }
    }

    private static IEnumerable<string> Names(ResourceType type) => type is ResourceType.Cluster or ResourceType.Endpoints
        ? Services.Select(service => service.ToString())
        : [ResourceNames.Outbound, .. Services.SelectMany(service => HostNames.All(service).Append($"{service.Name}.{service.Namespace}.mesh:80"))];

    private static ServiceSnapshot Snapshot(ServiceId service, int choice, int number)
    {
        var policy = Policies[choice % Policies.Length];
        var endpoints = Enumerable.Range(0, choice % 4).Select(i => Endpoint($"e{i}", 1 + i, (choice + i) % 3 == 0 ? HealthStatus.Ejected : HealthStatus.Healthy) with
        {
            Locality = new Locality("eu", i % 2 == 0 ? "a" : "b", ""),
            Labels = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("version", $"v{choice % 2}"),
        });
        return Of(service, number, policy, [.. endpoints]);
    }
}
