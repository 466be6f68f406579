using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Ads;

/// <summary>
/// One client's stream of either protocol, without the stream: requests and marks go in, responses come out. It has no clock, does no I/O, and belongs
/// to one caller at a time; the gateway's shell reads, locks and writes.
/// <para>
/// A change does not make a response. It marks a name, and a response is made of what is newest when the writer is ready for one: so a slow client
/// costs a mark for each resource and never a queue, and a fast one is told at once. Rejected: a queue of responses for each stream with a limit (a client
/// that is slow for a moment is cut off), and debouncing (everybody waits, always).
/// </para>
/// <para>
/// Make before break: clusters, endpoints, listeners, routes, and only then what goes away, in the order of who refers to whom. A refused version is not sent
/// again; the next one is, and all that was sent along with it moves on.
/// </para>
/// </summary>
public sealed class AdsStream(AdsVariant variant, AdsLimits limits)
{
    // A route names clusters and a cluster names endpoints, so the one that refers goes before the one that is referred to.
    private static readonly ResourceType[] RemovalOrder = [ResourceType.Listener, ResourceType.Route, ResourceType.Cluster, ResourceType.Endpoints];

    private readonly Subscription[] _subscriptions = [.. ResourceTypes.InOrder.Select(type => Subscription.Of(type, variant, limits))];
    private bool _started;
    private long _lastNonce;

    /// <summary>The client; null until its first request, or when that did not say.</summary>
    public Node? Node { get; private set; }

    /// <summary>Which protocol it speaks.</summary>
    public AdsVariant Variant => variant;

    /// <summary>What can be sent to it. Meaningful after the first request.</summary>
    public ClientProfile Client { get; private set; } = ClientProfile.Unknown;

    /// <summary>Whether <see cref="Next"/> has something to look at.</summary>
    public bool Dirty => Array.Exists(_subscriptions, static subscription => subscription.Dirty);

    /// <summary>How many responses were sent and forgotten before the client answered them.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Takes a request of state of the world.</summary>
    public AdsReceipt Receive(DiscoveryRequest request) => Receive(StateOfTheWorldRequest.Of(request));

    /// <summary>Takes a request of state of the world.</summary>
    public AdsReceipt Receive(StateOfTheWorldRequest request)
    {
        if (Begin(AdsVariant.StateOfTheWorld, request, out var type) is { } ended)
        {
            return ended;
        }

        var subscription = _subscriptions[(int)type];
        var nonce = Nonces.Parse(request.ResponseNonce);
        var judgement = Answer(subscription, nonce, request.Complaint);
        if (request.ResponseNonce.Length > 0 && nonce != subscription.History.LastNonce)
        {
            // What it wants is read from its answer to the newest response: this was said before it had seen that.
            return Receipt(type, AdsRequestKind.Stale, judgement, request.Complaint, [], []);
        }

        var wants = subscription.Replace(request.ResourceNames);
        return Refusal(type, wants.Added) ?? Receipt(type, AdsRequestKind.Subscribed, judgement, request.Complaint, wants.Added, wants.Removed);
    }

    /// <summary>Takes a request of delta.</summary>
    public AdsReceipt Receive(DeltaDiscoveryRequest request) => Receive(DeltaRequest.Of(request));

    /// <summary>Takes a request of delta.</summary>
    public AdsReceipt Receive(DeltaRequest request)
    {
        if (Begin(AdsVariant.Delta, request, out var type) is { } ended)
        {
            return ended;
        }

        if (request.InitialVersions.Count > limits.InitialVersions)
        {
            return Refuse(AdsLimit.InitialVersions, type, $"initial_resource_versions has {request.InitialVersions.Count} entries; at most {limits.InitialVersions} are taken.");
        }

        var subscription = _subscriptions[(int)type];
        var judgement = Answer(subscription, Nonces.Parse(request.ResponseNonce), request.Complaint);
        // Each request is a change, made once: whatever it answers, and however late, what it changes is valid.
        var wants = subscription.Change(request.Subscribe, request.Unsubscribe, request.InitialVersions);
        var stale = request.ResponseNonce.Length > 0 && !wants.First && request.Subscribe.Count + request.Unsubscribe.Count == 0;
        return Refusal(type, wants.Added) ?? Receipt(
            type, stale ? AdsRequestKind.Stale : AdsRequestKind.Subscribed, judgement, request.Complaint, wants.Added, wants.Removed);
    }

    /// <summary>A resource appeared, changed or went away. Costs nothing when this stream does not want it.</summary>
    public void Mark(ResourceType type, string name) => _subscriptions[(int)type].Mark(name);

    /// <summary>
    /// Has the next responses repeat what the client holds of the types with a time to live, without content. The caller has the clock, and calls this at a third
    /// of the shortest one. Nothing happens for clients that do not take such resources.
    /// </summary>
    public void Heartbeat()
    {
        foreach (var subscription in _subscriptions)
        {
            if (Ttl(subscription.Type) is not null)
            {
                subscription.Beat();
            }
        }
    }

    /// <summary>The next response to send, now that the writer is ready; null when the client has everything.</summary>
    public EncodedResponse? Next(IResourceSource source)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Dirty && subscription.Next(source, removals: false) is { } draft)
            {
                return Respond(subscription, draft);
            }
        }

        foreach (var type in RemovalOrder)
        {
            var subscription = _subscriptions[(int)type];
            if (subscription.Dirty && subscription.Next(source, removals: true) is { } draft)
            {
                return Respond(subscription, draft);
            }
        }

        foreach (var subscription in _subscriptions)
        {
            if (subscription.NextHeartbeat() is var (held, version) && Ttl(subscription.Type) is { } ttl)
            {
                var response = EncodedResponse.Heartbeat(variant, subscription.Type, version, Nonces.Next(), held, ttl);
                return Send(subscription, response, new Draft(null, [], [], [], false));
            }
        }

        return null;
    }

    /// <summary>The names of a type that the client asked for by name.</summary>
    public IEnumerable<string> Wanted(ResourceType type) => _subscriptions[(int)type].WantedNames;

    /// <summary>Whether the stream wants all resources of a type.</summary>
    public bool IsWildcard(ResourceType type) => _subscriptions[(int)type].Wildcard;

    /// <summary>Where it stands with each type that it has asked for.</summary>
    public IReadOnlyList<AdsTypeStatus> Status() => [.. _subscriptions.Where(static s => s.Started).Select(static s => s.Status())];

    /// <summary>What it was sent of each type, and what became of it.</summary>
    public IReadOnlyList<SentResource> Sent() => [.. _subscriptions.SelectMany(static subscription => subscription.Sent())];

    /// <summary>What the client refuses in its newest version, by type and otherwise in no order. Costs as much as it returns, whatever the client holds.</summary>
    /// <param name="most">More are left out.</param>
    public IReadOnlyList<RefusedResource> Refused(int most = int.MaxValue) => [.. _subscriptions.SelectMany(static subscription => subscription.Refused()).Take(most)];

    /// <summary>How many resources of a type it refuses.</summary>
    public int RefusedOf(ResourceType type) => _subscriptions[(int)type].RefusedCount;

    /// <summary>How many it refuses of all types.</summary>
    public int RefusedCount
    {
        get
        {
            var count = 0;
            foreach (var subscription in _subscriptions)
            {
                count += subscription.RefusedCount;
            }

            return count;
        }
    }

    /// <summary>What is the same with every request: whose it is, and of which type. A receipt if that is all there is to it.</summary>
    private AdsReceipt? Begin(AdsVariant spoken, AdsRequest request, out ResourceType type)
    {
        if (spoken != variant)
        {
            throw new InvalidOperationException($"This stream speaks {variant}, and the request is of {spoken}.");
        }

        var known = ResourceTypes.FromUrl(request.TypeUrl);
        type = known.GetValueOrDefault();
        return Meet(request.Node) ?? (known is null ? new AdsReceipt { Kind = AdsRequestKind.UnknownType } : null);
    }

    private AdsReceipt? Meet(Node? node)
    {
        if (_started)
        {
            return null;
        }

        // Only the first request has to carry the node; some clients repeat it in all, and it must not change under way.
        _started = true;
        Client = ClientProfile.Of(node);
        Node = node is null || node.Id.Length > limits.NodeIdLength ? null : Known(node);
        return node?.Id.Length > limits.NodeIdLength
            ? Refuse(AdsLimit.NodeIdLength, null, $"node.id has {node.Id.Length} characters; at most {limits.NodeIdLength} are taken.")
            : null;
    }

    /// <summary>What is kept of a node: who it is, never all that it may say of itself (metadata, extensions), which is as long as it likes.</summary>
    private Node Known(Node node) => new()
    {
        Id = node.Id,
        Cluster = Cut(node.Cluster),
        UserAgentName = Cut(node.UserAgentName),
        UserAgentVersion = Cut(node.UserAgentVersion),
        Locality = node.Locality is { } place ? new() { Region = Cut(place.Region), Zone = Cut(place.Zone), SubZone = Cut(place.SubZone) } : null,
    };

    private string Cut(string text) => text.Length <= limits.NodeFieldLength ? text : text[..limits.NodeFieldLength];

    private Judgement? Answer(Subscription subscription, long nonce, string? complaint) =>
        nonce == 0 ? null : subscription.Answer(nonce, complaint, complaint is null ? null : Shorten(complaint));

    private AdsReceipt Receipt(
        ResourceType type, AdsRequestKind otherwise, Judgement? judgement, string? complaint, IReadOnlyList<string> added, IReadOnlyList<string> removed) => new()
        {
            Kind = judgement is null ? otherwise : complaint is null ? AdsRequestKind.Accepted : AdsRequestKind.Rejected,
            Type = type,
            Added = added,
            Removed = removed,
            Answered = judgement?.Nonce ?? 0,
            Version = judgement?.Version,
            Error = judgement is null || complaint is null ? null : Shorten(complaint),
            Refused = judgement?.Refused ?? [],
            Restored = judgement?.Restored ?? [],
        };

    private AdsReceipt? Refusal(ResourceType type, IReadOnlyList<string> added)
    {
        if (_subscriptions.Sum(static s => s.Named) > limits.ResourcesPerStream)
        {
            return Refuse(
                AdsLimit.ResourcesPerStream, type, $"The stream asks for more than {limits.ResourcesPerStream} resources; ask for fewer, or use several streams.");
        }

        foreach (var name in added)
        {
            if (name.Length > limits.NameLength)
            {
                return Refuse(
                    AdsLimit.NameLength, type, $"A resource's name has {name.Length} characters, {name[..Math.Min(40, limits.NameLength)]}...; at most {limits.NameLength} are taken.");
            }
        }

        return null;
    }

    private static AdsReceipt Refuse(AdsLimit limit, ResourceType? type, string why) =>
        new() { Kind = AdsRequestKind.Refused, Type = type, Error = why, Broken = limit };

    private EncodedResponse Respond(Subscription subscription, Draft draft)
    {
        var ttl = Ttl(subscription.Type);
        if (draft.Only is { } only && ttl is null)
        {
            return Send(subscription, only.Alone(variant, _lastNonce), draft);
        }

        var resources = draft.Only is { } single ? [single] : draft.Resources;
        var version = resources.Count == 1 ? resources[0].Version : ContentHash.Of(resources.Select(r => (r.Name, r.Version)));
        return Send(subscription, new EncodedResponse(variant, subscription.Type, version, Nonces.Next(), resources, draft.Removed, ttl), draft);
    }

    private EncodedResponse Send(Subscription subscription, EncodedResponse response, Draft draft)
    {
        _lastNonce = response.Number;
        var before = subscription.History.Forgotten;
        subscription.OnSent(response, draft);
        Forgotten += subscription.History.Forgotten - before;
        return response;
    }

    private TimeSpan? Ttl(ResourceType type) => Client.SupportsResourceTtl && limits.ResourceTtl.TryGetValue(type, out var ttl) ? ttl : null;

    private string Shorten(string message) => message.Length <= limits.ErrorLength ? message : message[..limits.ErrorLength];
}
