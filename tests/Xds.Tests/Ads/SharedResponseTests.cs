using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Tests.Ads;

/// <summary>What streams share of each other's bytes, and that nobody can tell; and what may run out.</summary>
public sealed class SharedResponseTests
{
    private readonly TableSource _source = new();

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void A_change_of_one_resource_is_the_same_response_on_every_stream(AdsVariant variant)
    {
        _source.Set(ResourceType.Endpoints, "a");
        var streams = Enumerable.Range(0, 3).Select(_ => Open(variant, "a")).ToList();
        var first = streams.ConvertAll(stream => stream.Next(_source)!);
        Change("a", streams);
        var second = streams.ConvertAll(stream => stream.Next(_source)!);

        Assert.All(first, response => Assert.Same(first[0], response));
        Assert.All(second, response => Assert.Same(second[0], response));
        Assert.NotEqual(first[0].Nonce, second[0].Nonce);
    }

    [Fact]
    public void A_stream_that_is_ahead_gets_a_newer_nonce_and_never_the_same_twice()
    {
        var streams = Enumerable.Range(0, 2).Select(_ => Open(AdsVariant.Delta, "a", "b")).ToList();
        streams.ForEach(stream => Assert.NotNull(stream.Next(_source)));
        Change("a", streams);
        var a = streams[0].Next(_source)!;
        Change("b", streams[..1]);
        var b = streams[0].Next(_source)!;
        // The other one is told of b first.
        streams[1] = Open(AdsVariant.Delta, "b");
        var others = new List<EncodedResponse> { streams[1].Next(_source)! };
        ModelClient.Give(streams[1], new DeltaDiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResourceNamesSubscribe = { "a" } });
        others.Add(streams[1].Next(_source)!);

        Assert.Same(b, others[0]);
        Assert.NotSame(a, others[1]);
        Assert.True(others[1].Number > others[0].Number);
        Assert.Equal(a.ToDeltaMessage().Resources, others[1].ToDeltaMessage().Resources);
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void A_push_of_one_resource_makes_no_object_of_its_own(AdsVariant variant)
    {
        _source.Set(ResourceType.Endpoints, "a");
        var (leader, stream) = (Open(variant, "a"), Open(variant, "a"));
        long Push()
        {
            Change("a", [leader]);
            leader.Next(_source);
            var before = GC.GetAllocatedBytesForCurrentThread();
            stream.Mark(ResourceType.Endpoints, "a");
            var response = stream.Next(_source);
            var after = GC.GetAllocatedBytesForCurrentThread();
            Assert.NotNull(response);
            return after - before;
        }

        // The queue of unanswered responses and the list of marks grow to their size first.
        for (var i = 0; i < 64; i++)
        {
            Push();
        }

        Assert.Equal(0, Push());
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld, ResourceType.Cluster)]
    [InlineData(AdsVariant.StateOfTheWorld, ResourceType.Endpoints)]
    [InlineData(AdsVariant.Delta, ResourceType.Cluster)]
    [InlineData(AdsVariant.Delta, ResourceType.Endpoints)]
    public void A_heartbeat_names_what_the_client_holds_without_its_content(AdsVariant variant, ResourceType type)
    {
        _source.Set(type, "a");
        _source.Set(type, "b");
        var client = new ModelClient(variant, static (_, _) => true) { Mortal = true };
        var stream = new AdsStream(variant, new AdsLimits { ResourceTtl = new Dictionary<ResourceType, TimeSpan> { [type] = TimeSpan.FromSeconds(3) } });
        ModelClient.Give(stream, client.Subscribe(type, "a", "b"));
        var first = stream.Next(_source)!;
        stream.Heartbeat();
        // It waits until it is known what the client holds.
        Assert.False(stream.Dirty);
        Assert.Null(stream.Next(_source));
        ModelClient.Give(stream, client.Take(first));
        Assert.True(stream.Dirty);
        var beat = stream.Next(_source)!;
        ModelClient.Give(stream, client.Take(beat));

        Assert.Equal(2, client[type].Beats);
        Assert.True(beat.Length < first.Length);
        Assert.Null(stream.Next(_source));
        Assert.Equal(["1", "2"], client[type].Has.Values);
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld, ResourceType.Cluster)]
    [InlineData(AdsVariant.StateOfTheWorld, ResourceType.Endpoints)]
    [InlineData(AdsVariant.Delta, ResourceType.Endpoints)]
    public void Where_changes_never_pause_what_is_quiet_is_sent_again_before_it_runs_out(AdsVariant variant, ResourceType type)
    {
        _source.Set(type, "busy");
        _source.Set(type, "quiet");
        var client = new ModelClient(variant, static (_, _) => true) { Mortal = true };
        var stream = new AdsStream(variant, new AdsLimits { ResourceTtl = new Dictionary<ResourceType, TimeSpan> { [type] = TimeSpan.FromSeconds(3) } });
        ModelClient.Give(stream, client.Subscribe(type, "busy", "quiet"));
        var underWay = stream.Next(_source)!;
        var sent = new List<bool>();
        for (var i = 0; i < 4; i++)
        {
            // There is always a response that waits for its answer.
            _source.Set(type, "busy");
            stream.Mark(type, "busy");
            stream.Heartbeat();
            var next = stream.Next(_source)!;
            sent.Add(next.Resources.Any(static resource => resource.Name == "quiet"));
            ModelClient.Give(stream, client.Take(underWay));
            underWay = next;
        }

        Assert.Equal(type == ResourceType.Cluster ? [true, true, true, true] : [false, true, true, true], sent);
    }

    [Fact]
    public void Nothing_runs_out_at_a_client_that_does_not_say_that_it_takes_such_things()
    {
        _source.Set(ResourceType.Endpoints, "a");
        var stream = new AdsStream(
            AdsVariant.StateOfTheWorld, new AdsLimits { ResourceTtl = new Dictionary<ResourceType, TimeSpan> { [ResourceType.Endpoints] = TimeSpan.FromSeconds(3) } });
        var client = new ModelClient(AdsVariant.StateOfTheWorld, static (_, _) => true);
        ModelClient.Give(stream, client.Subscribe(ResourceType.Endpoints, "a"));
        ModelClient.Give(stream, client.Take(stream.Next(_source)!));
        stream.Heartbeat();

        Assert.Null(stream.Next(_source));
    }

    private void Change(string name, IEnumerable<AdsStream> streams)
    {
        _source.Set(ResourceType.Endpoints, name);
        foreach (var stream in streams)
        {
            stream.Mark(ResourceType.Endpoints, name);
        }
    }

    private static AdsStream Open(AdsVariant variant, params string[] names)
    {
        var stream = new AdsStream(variant, new AdsLimits());
        IMessage request = variant == AdsVariant.Delta
            ? new DeltaDiscoveryRequest { Node = new Node(), TypeUrl = ResourceTypes.EndpointsUrl, ResourceNamesSubscribe = { names } }
            : new DiscoveryRequest { Node = new Node(), TypeUrl = ResourceTypes.EndpointsUrl, ResourceNames = { names } };
        ModelClient.Give(stream, request);
        return stream;
    }
}
