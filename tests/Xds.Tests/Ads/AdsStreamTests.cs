using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Tests.Ads;

public sealed class AdsStreamTests
{
    private readonly TableSource _source = new();
    private readonly AdsStream _stream = new(AdsVariant.StateOfTheWorld, new AdsLimits { ResourcesPerStream = 1000, ResponseBytes = 2000, NodeIdLength = 10, Unanswered = 4 });

    [Fact]
    public void A_named_resource_is_sent_once_and_again_when_it_changes()
    {
        Set(ResourceType.Endpoints, "a");
        Ask(ResourceType.Endpoints, "a", "b");
        var first = Next(ResourceType.Endpoints, "a");
        Assert.Null(_stream.Next(_source));

        Answer(first, "a", "b");
        Assert.Null(_stream.Next(_source));
        Set(ResourceType.Endpoints, "b");
        Set(ResourceType.Endpoints, "unwanted");
        Next(ResourceType.Endpoints, "b");
        _stream.Mark(ResourceType.Endpoints, "a");
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void Any_number_of_changes_before_the_writer_is_ready_makes_one_response()
    {
        Set(ResourceType.Endpoints, "a");
        Ask(ResourceType.Endpoints, "a");
        Next(ResourceType.Endpoints, "a");
        for (var i = 0; i < 1000; i++)
        {
            Set(ResourceType.Endpoints, "a");
        }

        Assert.Equal("1001", Next(ResourceType.Endpoints, "a").Version);
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void What_may_be_sent_in_parts_is_cut_at_the_limit()
    {
        var names = Enumerable.Range(0, 100).Select(i => $"{i:000}").ToArray();
        Array.ForEach(names, name => Set(ResourceType.Endpoints, name));
        Ask(ResourceType.Endpoints, names);
        List<string> sent = [];
        while (_stream.Next(_source) is { } response)
        {
            Assert.True(response.Length < 2200, $"{response.Length} bytes in one response.");
            sent.AddRange(response.Resources.Select(r => r.Name));
        }

        Assert.Equal(names, sent.Order());
    }

    [Fact]
    public void A_change_of_one_cluster_sends_all_that_are_wanted()
    {
        Set(ResourceType.Cluster, "a");
        Set(ResourceType.Cluster, "b");
        Set(ResourceType.Cluster, "unwanted");
        Ask(ResourceType.Cluster, "a", "b");
        Answer(Next(ResourceType.Cluster, "a", "b"), "a", "b");
        Set(ResourceType.Cluster, "unwanted");
        Assert.Null(_stream.Next(_source));
        Set(ResourceType.Cluster, "b");
        Next(ResourceType.Cluster, "a", "b");
    }

    [Fact]
    public void A_first_request_for_all_clusters_is_answered_even_when_there_are_none()
    {
        Ask(ResourceType.Cluster);
        Assert.Empty(_stream.Next(_source)!.Resources);
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void A_new_name_that_does_not_exist_is_answered_by_its_absence_once()
    {
        Set(ResourceType.Listener, "a");
        Ask(ResourceType.Listener, "a");
        var first = Next(ResourceType.Listener, "a");
        Answer(first, "a", "nobody");
        var second = Next(ResourceType.Listener, "a");
        Answer(second, "a", "nobody");
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void No_names_means_all_only_until_the_first_name()
    {
        Set(ResourceType.Cluster, "a");
        Set(ResourceType.Cluster, "b");
        Ask(ResourceType.Cluster, "a");
        var first = Next(ResourceType.Cluster, "a");
        Answer(first);
        Assert.False(_stream.IsWildcard(ResourceType.Cluster));
        Assert.Null(_stream.Next(_source));
        Ask(ResourceType.Cluster, "*");
        Assert.True(_stream.IsWildcard(ResourceType.Cluster));
        Next(ResourceType.Cluster, "a", "b");
    }

    [Fact]
    public void Who_had_all_and_then_names_some_is_sent_no_others()
    {
        Set(ResourceType.Cluster, "a");
        Set(ResourceType.Cluster, "b");
        Ask(ResourceType.Cluster);
        Answer(Next(ResourceType.Cluster, "a", "b"), "a");
        Assert.Null(_stream.Next(_source));
        Set(ResourceType.Cluster, "a");
        Next(ResourceType.Cluster, "a");
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void No_names_of_endpoints_means_none()
    {
        Set(ResourceType.Endpoints, "a");
        Ask(ResourceType.Endpoints);
        Set(ResourceType.Endpoints, "a");
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void A_stale_request_changes_no_subscription_and_gets_no_answer()
    {
        Set(ResourceType.Endpoints, "a");
        Set(ResourceType.Endpoints, "b");
        Ask(ResourceType.Endpoints, "a");
        var first = Next(ResourceType.Endpoints, "a");
        Set(ResourceType.Endpoints, "a");
        var second = Next(ResourceType.Endpoints, "a");

        // It does answer the first response, which is noted; but what it wants is read from an answer to the second one.
        Assert.Equal(AdsRequestKind.Accepted, Answer(first, "a", "b").Kind);
        Assert.Null(_stream.Next(_source));
        Assert.Equal(AdsRequestKind.Stale, Answer(first, "a", "b").Kind);
        Assert.Equal(AdsRequestKind.Stale, _stream.Receive(new DiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResponseNonce = "x" }).Kind);
        Assert.Null(_stream.Next(_source));
        Answer(second, "a", "b");
        Next(ResourceType.Endpoints, "b");
    }

    [Fact]
    public void A_rejected_version_is_not_sent_again_and_the_last_good_one_is_remembered()
    {
        Set(ResourceType.Cluster, "a");
        Ask(ResourceType.Cluster);
        Answer(Next(ResourceType.Cluster, "a"));
        Set(ResourceType.Cluster, "a");
        var bad = Next(ResourceType.Cluster, "a");
        var receipt = Answer(bad, [], "bad cluster");

        Assert.Equal((AdsRequestKind.Rejected, "2", "bad cluster"), (receipt.Kind, receipt.Version, receipt.Error));
        Assert.Null(_stream.Next(_source));
        _stream.Mark(ResourceType.Cluster, "a");
        Assert.Null(_stream.Next(_source));
        Assert.Equal(new AdsTypeStatus(ResourceType.Cluster, -1, "2", "1", false, "bad cluster", 1) { Held = 1 }, Assert.Single(_stream.Status()));

        Set(ResourceType.Cluster, "a");
        Answer(Next(ResourceType.Cluster, "a"));
        Assert.Equal(new AdsTypeStatus(ResourceType.Cluster, -1, "3", "3", false, null) { Held = 1 }, Assert.Single(_stream.Status()));
    }

    [Fact]
    public void What_a_client_asks_for_anew_it_gets_anew()
    {
        Set(ResourceType.Endpoints, "a");
        Set(ResourceType.Endpoints, "b");
        Ask(ResourceType.Endpoints, "a", "b");
        var first = _stream.Next(_source)!;
        Answer(first, "b");
        Assert.Null(_stream.Next(_source));
        Answer(first, "a", "b");
        Next(ResourceType.Endpoints, "a");
    }

    [Fact]
    public void Clusters_come_first_and_what_goes_away_goes_last_listeners_before_clusters()
    {
        foreach (var type in ResourceTypes.InOrder)
        {
            Set(type, "old");
            Ask(type, type is ResourceType.Cluster or ResourceType.Listener ? [] : ["old", "new"]);
        }

        foreach (var type in ResourceTypes.InOrder)
        {
            Next(type, "old");
        }

        foreach (var type in ResourceTypes.InOrder)
        {
            Set(type, "new");
            _source.Remove(type, "old");
            _stream.Mark(type, "old");
        }

        Next(ResourceType.Cluster, "new", "old");
        Next(ResourceType.Endpoints, "new");
        Next(ResourceType.Listener, "new", "old");
        Next(ResourceType.Route, "new");
        Next(ResourceType.Listener, "new");
        Next(ResourceType.Cluster, "new");
        Assert.Null(_stream.Next(_source));
    }

    [Fact]
    public void The_same_request_again_is_not_answered_again_even_with_a_node()
    {
        Set(ResourceType.Listener, "l");
        Ask(ResourceType.Listener);
        var listener = Next(ResourceType.Listener, "l");
        for (var i = 0; i < 3; i++)
        {
            _stream.Receive(new DiscoveryRequest
            {
                TypeUrl = ResourceTypes.ListenerUrl,
                ResponseNonce = listener.Nonce,
                VersionInfo = listener.Version,
                Node = new Node { Id = "mosn" },
            });
            Assert.Null(_stream.Next(_source));
        }
    }

    [Fact]
    public void Who_the_client_is_is_read_once()
    {
        _stream.Receive(new DiscoveryRequest { TypeUrl = ResourceTypes.ClusterUrl, Node = new Node { Id = "a", UserAgentName = "gRPC Go" } });
        _stream.Receive(new DiscoveryRequest { TypeUrl = ResourceTypes.ClusterUrl, Node = new Node { Id = "b" } });

        Assert.Equal(("a", ClientKind.ProxylessGrpc), (_stream.Node?.Id, _stream.Client.Kind));
    }

    [Fact]
    public void A_type_that_is_not_served_is_ignored() =>
        Assert.Equal(AdsRequestKind.UnknownType, _stream.Receive(new DiscoveryRequest { TypeUrl = "type.googleapis.com/x" }).Kind);

    [Fact]
    public void Limits_are_named_when_they_are_broken()
    {
        var names = Ask(ResourceType.Endpoints, [.. Enumerable.Range(0, 1001).Select(i => $"{i}")]);
        var node = new AdsStream(AdsVariant.StateOfTheWorld, new AdsLimits { NodeIdLength = 3 }).Receive(new DiscoveryRequest { Node = new Node { Id = "1234" } });

        Assert.Equal((AdsRequestKind.Refused, AdsLimit.ResourcesPerStream), (names.Kind, names.Broken));
        Assert.Contains("1000", names.Error, StringComparison.Ordinal);
        Assert.Equal((AdsRequestKind.Refused, AdsLimit.NodeIdLength), (node.Kind, node.Broken));
        Assert.Contains("node.id", node.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void A_name_may_be_as_long_as_the_limit_and_no_longer(AdsVariant variant)
    {
        var stream = new AdsStream(variant, new AdsLimits { NameLength = 5 });
        Assert.Equal(AdsRequestKind.Subscribed, Name("12345").Kind);
        var refused = Name("123456");

        Assert.Equal((AdsRequestKind.Refused, AdsLimit.NameLength), (refused.Kind, refused.Broken));
        Assert.Contains("has 6 characters, 12345...; at most 5", refused.Error, StringComparison.Ordinal);

        AdsReceipt Name(string name) => variant == AdsVariant.Delta
            ? stream.Receive(new DeltaDiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResourceNamesSubscribe = { name } })
            : stream.Receive(new DiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResourceNames = { name } });
    }

    [Fact]
    public void Of_a_client_that_never_answers_only_so_much_is_remembered()
    {
        Set(ResourceType.Endpoints, "a");
        Ask(ResourceType.Endpoints, "a");
        var first = Next(ResourceType.Endpoints, "a");
        for (var i = 0; i < 4; i++)
        {
            Set(ResourceType.Endpoints, "a");
            Next(ResourceType.Endpoints, "a");
        }

        Assert.Equal(AdsRequestKind.Stale, Answer(first, "a").Kind);
    }

    private void Set(ResourceType type, string name)
    {
        _source.Set(type, name);
        _stream.Mark(type, name);
    }

    private AdsReceipt Ask(ResourceType type, params string[] names) =>
        _stream.Receive(new DiscoveryRequest { TypeUrl = type.Url(), ResourceNames = { names } });

    private AdsReceipt Answer(EncodedResponse response, params string[] names) => Answer(response, names, null);

    private AdsReceipt Answer(EncodedResponse response, string[] names, string? error) => _stream.Receive(new DiscoveryRequest
    {
        TypeUrl = response.Type.Url(),
        ResponseNonce = response.Nonce,
        VersionInfo = error is null ? response.Version : "",
        ErrorDetail = error is null ? null : new Google.Rpc.Status { Message = error },
        ResourceNames = { names },
    });

    private EncodedResponse Next(ResourceType type, params string[] names)
    {
        var response = _stream.Next(_source);
        Assert.NotNull(response);
        Assert.Equal(type, response.Type);
        Assert.Equal(names, response.Resources.Select(r => r.Name).Order(StringComparer.Ordinal));
        return response;
    }
}
