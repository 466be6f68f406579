using Envoy.Service.Discovery.V3;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Tests.Ads;

/// <summary>What delta promises beyond what both protocols share.</summary>
public sealed class DeltaTests
{
    private readonly TableSource _source = new();
    private readonly AdsStream _stream = new(AdsVariant.Delta, new AdsLimits { ResponseBytes = 500, ResourcesPerStream = 100, InitialVersions = 50 });

    [Theory]
    [InlineData(ResourceType.Cluster)]
    [InlineData(ResourceType.Endpoints)]
    [InlineData(ResourceType.Listener)]
    [InlineData(ResourceType.Route)]
    public void Every_name_is_answered_with_the_resource_or_with_its_absence(ResourceType type)
    {
        _source.Set(type, "a");
        Ask(type, subscribe: ["a", "nobody"]);

        Next(type, ["a"], ["nobody"]);
        Nothing();
    }

    [Fact]
    public void A_name_that_is_asked_for_again_is_answered_again()
    {
        _source.Set(ResourceType.Endpoints, "a");
        Ask(ResourceType.Endpoints, subscribe: ["a", "nobody"]);
        Accept(Next(ResourceType.Endpoints, ["a"], ["nobody"]));
        Ask(ResourceType.Endpoints, subscribe: ["a"]);
        Accept(Next(ResourceType.Endpoints, ["a"], []));
        Ask(ResourceType.Endpoints, subscribe: ["nobody"]);
        Next(ResourceType.Endpoints, [], ["nobody"]);
        Nothing();
    }

    [Fact]
    public void Who_comes_back_is_sent_what_differs_and_told_what_is_gone()
    {
        foreach (var name in (string[])["same", "changed", "new"])
        {
            _source.Set(ResourceType.Endpoints, name);
        }

        Ask(ResourceType.Endpoints, ["same", "changed", "new", "gone"], initial: [("same", "1"), ("changed", "0"), ("gone", "7"), ("unwanted", "3")]);

        Next(ResourceType.Endpoints, ["changed", "new"], []);
        Next(ResourceType.Endpoints, [], ["gone"]);
        Nothing();
        Assert.Equal(["changed", "new", "same"], _stream.Sent().Select(sent => sent.Name));
    }

    [Fact]
    public void Who_comes_back_for_all_is_sent_what_differs_and_told_what_is_gone()
    {
        _source.Set(ResourceType.Cluster, "same");
        _source.Set(ResourceType.Cluster, "new");
        Ask(ResourceType.Cluster, [], initial: [("same", "1"), ("gone", "7"), ("far away", "8")]);
        _source.Set(ResourceType.Cluster, "far away");

        Next(ResourceType.Cluster, ["new"], []);
        Next(ResourceType.Cluster, [], ["far away", "gone"]);
        Nothing();
    }

    [Fact]
    public void Who_has_everything_is_told_so_by_an_empty_response_once()
    {
        _source.Set(ResourceType.Cluster, "a");
        Ask(ResourceType.Cluster, [], initial: [("a", "1")]);
        Ask(ResourceType.Endpoints, []);

        Accept(Next(ResourceType.Cluster, [], []));
        Accept(Next(ResourceType.Endpoints, [], []));
        Nothing();
    }

    [Fact]
    public void To_name_nothing_first_means_all_clusters_and_listeners_and_nothing_of_the_rest()
    {
        foreach (var type in ResourceTypes.InOrder)
        {
            _source.Set(type, "a");
            Ask(type, []);
        }

        Assert.Equal([true, false, true, false], ResourceTypes.InOrder.Select(_stream.IsWildcard));
        Next(ResourceType.Cluster, ["a"], []);
        Next(ResourceType.Endpoints, [], []);
        Next(ResourceType.Listener, ["a"], []);
        Next(ResourceType.Route, [], []);
        Nothing();
    }

    [Fact]
    public void All_can_be_asked_for_and_given_up_again_while_names_stay()
    {
        _source.Set(ResourceType.Endpoints, "a");
        _source.Set(ResourceType.Endpoints, "b");
        Ask(ResourceType.Endpoints, subscribe: ["b", "*"]);
        Accept(Next(ResourceType.Endpoints, ["a", "b"], []));
        Ask(ResourceType.Endpoints, unsubscribe: ["*"]);
        Set(ResourceType.Endpoints, "a");
        Nothing();
        Set(ResourceType.Endpoints, "b");
        Next(ResourceType.Endpoints, ["b"], []);
        Assert.False(_stream.IsWildcard(ResourceType.Endpoints));
    }

    [Fact]
    public void Who_wants_all_and_gives_up_one_name_is_told_that_it_stays_or_that_it_is_gone()
    {
        _source.Set(ResourceType.Cluster, "near");
        _source.Set(ResourceType.Cluster, "far away");
        Ask(ResourceType.Cluster, subscribe: ["*", "near", "far away"]);
        Accept(Next(ResourceType.Cluster, ["far away", "near"], []));
        Ask(ResourceType.Cluster, unsubscribe: ["near", "far away"]);

        Next(ResourceType.Cluster, ["near"], []);
        Next(ResourceType.Cluster, [], ["far away"]);
        Nothing();
    }

    [Fact]
    public void What_a_late_request_changes_counts_whatever_it_answers()
    {
        _source.Set(ResourceType.Endpoints, "a");
        _source.Set(ResourceType.Endpoints, "b");
        Ask(ResourceType.Endpoints, subscribe: ["a"]);
        var first = Next(ResourceType.Endpoints, ["a"], []);
        Set(ResourceType.Endpoints, "a");
        Next(ResourceType.Endpoints, ["a"], []);

        var receipt = _stream.Receive(new DeltaDiscoveryRequest
        {
            TypeUrl = ResourceTypes.EndpointsUrl,
            ResponseNonce = first.Nonce,
            ResourceNamesSubscribe = { "b" },
            ResourceNamesUnsubscribe = { "a" },
        });
        Assert.Equal((AdsRequestKind.Accepted, "b", "a"), (receipt.Kind, Assert.Single(receipt.Added), Assert.Single(receipt.Removed)));
        Next(ResourceType.Endpoints, ["b"], []);

        Assert.Equal(AdsRequestKind.Stale, Accept(first).Kind);
        Nothing();
    }

    [Fact]
    public void All_types_are_split_at_the_limit()
    {
        var names = Enumerable.Range(0, 40).Select(i => $"{i:00}").ToList();
        names.ForEach(name => _source.Set(ResourceType.Cluster, name));
        Ask(ResourceType.Cluster, []);
        var sent = new List<string>();
        while (_stream.Next(_source) is { } response)
        {
            Assert.True(response.Length < 900, $"{response.Length} bytes in one response.");
            sent.AddRange(response.Resources.Select(static r => r.Name));
        }

        Assert.Equal(names, sent.Order());
    }

    [Fact]
    public void Clusters_come_first_and_what_goes_away_goes_last()
    {
        foreach (var type in ResourceTypes.InOrder)
        {
            _source.Set(type, "old");
            Ask(type, subscribe: ["*"]);
            Next(type, ["old"], []);
        }

        foreach (var type in ResourceTypes.InOrder.Reverse())
        {
            _source.Remove(type, "old");
            _stream.Mark(type, "old");
            Set(type, "new");
        }

        foreach (var type in ResourceTypes.InOrder)
        {
            Next(type, ["new"], []);
        }

        Next(ResourceType.Listener, [], ["old"]);
        Next(ResourceType.Route, [], ["old"]);
        Next(ResourceType.Cluster, [], ["old"]);
        Next(ResourceType.Endpoints, [], ["old"]);
        Nothing();
    }

    [Fact]
    public void What_returns_before_it_was_taken_away_is_sent_as_what_it_is_now()
    {
        Set(ResourceType.Cluster, "a");
        Set(ResourceType.Endpoints, "b");
        Ask(ResourceType.Cluster, []);
        Ask(ResourceType.Endpoints, subscribe: ["b"]);
        Next(ResourceType.Cluster, ["a"], []);
        _source.Remove(ResourceType.Cluster, "a");
        _stream.Mark(ResourceType.Cluster, "a");
        Next(ResourceType.Endpoints, ["b"], []);
        Set(ResourceType.Cluster, "a");

        Next(ResourceType.Cluster, ["a"], []);
        Nothing();
    }

    [Fact]
    public void Limits_are_named_when_they_are_broken()
    {
        var names = Ask(ResourceType.Endpoints, subscribe: [.. Enumerable.Range(0, 101).Select(i => $"{i}")]);
        var versions = Ask(ResourceType.Cluster, initial: [.. Enumerable.Range(0, 51).Select(i => ($"{i}", "1"))]);

        Assert.Equal((AdsRequestKind.Refused, AdsLimit.ResourcesPerStream), (names.Kind, names.Broken));
        Assert.Equal((AdsRequestKind.Refused, AdsLimit.InitialVersions), (versions.Kind, versions.Broken));
    }

    [Fact]
    public void A_stream_takes_requests_of_its_own_protocol_only() =>
        Assert.Throws<InvalidOperationException>(() => _stream.Receive(new DiscoveryRequest()));

    [Fact]
    public void What_is_given_up_is_forgotten_with_what_was_refused_of_it()
    {
        Set(ResourceType.Endpoints, "a");
        Ask(ResourceType.Endpoints, subscribe: ["a"]);
        var refused = Next(ResourceType.Endpoints, ["a"], []);
        _stream.Receive(new DeltaDiscoveryRequest
        {
            TypeUrl = ResourceTypes.EndpointsUrl,
            ResponseNonce = refused.Nonce,
            ErrorDetail = new Google.Rpc.Status { Message = "no" },
        });
        Assert.Single(_stream.Refused());

        Ask(ResourceType.Endpoints, unsubscribe: ["a"]);
        Assert.Empty(_stream.Refused());
        Assert.Empty(_stream.Sent());
        Nothing();
    }

    [Fact]
    public void What_is_given_up_before_it_was_sent_is_kept_no_longer()
    {
        // The writer never looks, as with a client that does not read.
        Ask(ResourceType.Endpoints, subscribe: ["stays"]);
        List<WeakReference> names = [];
        for (var i = 0; i < 1_000; i++)
        {
            names.Add(AskAndGiveUp($"comes-and-goes-{i}"));
        }

        GC.Collect();
        Assert.InRange(names.Count(static name => name.IsAlive), 0, 200);

        _source.Set(ResourceType.Endpoints, "stays");
        Next(ResourceType.Endpoints, ["stays"], []);
        Nothing();
    }

    [Fact]
    public void What_is_given_up_and_asked_for_again_and_again_is_sent_once()
    {
        for (var i = 0; i < 200; i++)
        {
            Ask(ResourceType.Endpoints, subscribe: ["a", i == 100 ? "kept" : "b"]);
            Ask(ResourceType.Endpoints, unsubscribe: ["a", "b"]);
        }

        Ask(ResourceType.Endpoints, subscribe: ["a"]);
        _source.Set(ResourceType.Endpoints, "a");
        Next(ResourceType.Endpoints, ["a"], ["kept"]);
        Nothing();
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private WeakReference AskAndGiveUp(string name)
    {
        Ask(ResourceType.Endpoints, subscribe: [name]);
        Ask(ResourceType.Endpoints, unsubscribe: [name]);
        return new WeakReference(name);
    }

    private void Set(ResourceType type, string name)
    {
        _source.Set(type, name);
        _stream.Mark(type, name);
    }

    private AdsReceipt Ask(
        ResourceType type, string[]? subscribe = null, string[]? unsubscribe = null, (string Name, string Version)[]? initial = null)
    {
        var request = new DeltaDiscoveryRequest
        {
            TypeUrl = type.Url(),
            ResourceNamesSubscribe = { subscribe ?? [] },
            ResourceNamesUnsubscribe = { unsubscribe ?? [] },
        };
        foreach (var (name, version) in initial ?? [])
        {
            request.InitialResourceVersions.Add(name, version);
        }

        return _stream.Receive(request);
    }

    private AdsReceipt Accept(EncodedResponse response) =>
        _stream.Receive(new DeltaDiscoveryRequest { TypeUrl = response.Type.Url(), ResponseNonce = response.Nonce });

    private EncodedResponse Next(ResourceType type, string[] names, string[] removed)
    {
        var response = _stream.Next(_source);
        Assert.NotNull(response);
        var message = response.ToDeltaMessage();
        Assert.Equal((type, type.Url(), response.Nonce), (response.Type, message.TypeUrl, message.Nonce));
        Assert.Equal(names, message.Resources.Select(static r => r.Name).Order(StringComparer.Ordinal));
        Assert.Equal(response.Resources.Select(static r => r.Version), message.Resources.Select(static r => r.Version));
        Assert.Equal(removed, message.RemovedResources.Order(StringComparer.Ordinal));
        return response;
    }

    private void Nothing()
    {
        Assert.Null(_stream.Next(_source));
        Assert.False(_stream.Dirty);
    }
}
