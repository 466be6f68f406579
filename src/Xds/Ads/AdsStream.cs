using System.Globalization;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Ads;

/// <summary>
/// One client's state-of-the-world stream, without the stream: requests and marks go in, responses come out. It has no clock, does no I/O, and belongs
/// to one caller at a time; the gateway's shell reads, locks and writes.
/// <para>
/// A change does not make a response. It marks a name, and a response is made of what is newest when the writer is ready for one: so a slow client
/// costs a mark for each resource and never a queue, and a fast one is told at once. Rejected: a queue of responses for each stream with a limit (a client
/// that is slow for a moment is cut off), and debouncing (everybody waits, always).
/// </para>
/// <para>
/// Make before break: clusters, endpoints, listeners, routes, and only then what goes away, listeners before clusters. A rejected version is not
/// sent again, because it was sent; the next version is.
/// </para>
/// </summary>
public sealed class AdsStream(AdsVariant variant, AdsLimits limits)
{
    private readonly Subscription[] _subscriptions = [.. ResourceTypes.InOrder.Select(Subscription.Of)];
    private readonly ResponseHistory[] _histories = [.. ResourceTypes.InOrder.Select(_ => new ResponseHistory(limits.Unanswered))];
    private bool _started;
    private long _nonce;

    /// <summary>The client; null until its first request, or when that did not say.</summary>
    public Node? Node { get; private set; }

    /// <summary>Which protocol it speaks.</summary>
    public AdsVariant Variant => variant;

    /// <summary>What can be sent to it. Meaningful after the first request.</summary>
    public ClientProfile Client { get; private set; } = ClientProfile.Unknown;

    /// <summary>Takes a request.</summary>
    public AdsReceipt Receive(DiscoveryRequest request)
    {
        if (!_started)
        {
            _started = true;
            // Only the first request has to carry the node; some clients repeat it in all, and it must not change under way.
            Node = request.Node;
            Client = ClientProfile.Of(request.Node);
            if (request.Node?.Id.Length > limits.NodeIdLength)
            {
                return Refuse(null, $"node.id has {request.Node.Id.Length} characters; at most {limits.NodeIdLength} are taken.");
            }
        }

        if (ResourceTypes.FromUrl(request.TypeUrl) is not { } type)
        {
            return new AdsReceipt { Kind = AdsRequestKind.UnknownType };
        }

        var history = _histories[(int)type];
        var error = request.ErrorDetail is { } detail ? Shorten(detail.Message) : null;
        var answered = request.ResponseNonce.Length > 0 ? history.Answer(request.ResponseNonce, error) : null;
        if (request.ResponseNonce.Length > 0 && request.ResponseNonce != history.LastNonce)
        {
            return Receipt(AdsRequestKind.Stale, [], []);
        }

        if (TooMany(type, request.ResourceNames.Count))
        {
            return Refuse(type, $"The stream asks for more than {limits.ResourcesPerStream} resources; ask for fewer, or use several streams.");
        }

        var (added, removed) = _subscriptions[(int)type].Want(request.ResourceNames);
        return Receipt(AdsRequestKind.Subscribed, added, removed);

        AdsReceipt Receipt(AdsRequestKind otherwise, IReadOnlyList<string> added, IReadOnlyList<string> removed) => new()
        {
            Kind = answered is null ? otherwise : error is null ? AdsRequestKind.Accepted : AdsRequestKind.Rejected,
            Type = type,
            Added = added,
            Removed = removed,
            Version = answered,
            Error = answered is null ? null : error,
        };
    }

    /// <summary>A resource appeared, changed or went away. Costs nothing when this stream does not want it.</summary>
    public void Mark(ResourceType type, string name) => _subscriptions[(int)type].Mark(name);

    /// <summary>The next response to send, now that the writer is ready; null when the client has everything.</summary>
    public EncodedResponse? Next(IResourceSource source)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Next(source, limits.ResponseBytes, removals: false) is { } resources)
            {
                return Respond(subscription.Type, resources);
            }
        }

        foreach (var type in (ReadOnlySpan<ResourceType>)[ResourceType.Listener, ResourceType.Cluster])
        {
            if (_subscriptions[(int)type].Next(source, limits.ResponseBytes, removals: true) is { } resources)
            {
                return Respond(type, resources);
            }
        }

        return null;
    }

    /// <summary>Whether <see cref="Next"/> has something to look at.</summary>
    public bool Dirty => Array.Exists(_subscriptions, static subscription => subscription.Dirty);

    /// <summary>Whether the stream wants all resources of a type.</summary>
    public bool IsWildcard(ResourceType type) => _subscriptions[(int)type].Wildcard;

    /// <summary>Where it stands with each type that it has asked for.</summary>
    public IReadOnlyList<AdsTypeStatus> Status() =>
    [
        .. from subscription in _subscriptions
           where subscription.Started
           let history = _histories[(int)subscription.Type]
           select new AdsTypeStatus(
               subscription.Type, subscription.Wanted, history.Sent, history.Accepted, history.Waiting || subscription.Dirty, history.Error),
    ];

    /// <summary>What it was sent of each type, and what became of it.</summary>
    public IReadOnlyList<SentResource> Sent() =>
    [
        .. from subscription in _subscriptions
           from resource in subscription.HeldResources
           orderby resource.Name
           select new SentResource(subscription.Type, resource.Name, resource.Version, resource.Version, null) { Held = resource },
    ];

    private EncodedResponse Respond(ResourceType type, IReadOnlyList<EncodedResource> resources)
    {
        var nonce = (++_nonce).ToString(CultureInfo.InvariantCulture);
        var version = resources.Count == 1 ? resources[0].Version : ContentHash.Of(resources.Select(r => (r.Name, r.Version)));
        _histories[(int)type].Add(nonce, version);
        return new EncodedResponse(type, version, nonce, resources);
    }

    private bool TooMany(ResourceType type, int names) =>
        names + _subscriptions.Where(s => s.Type != type).Sum(s => s.Names.Count) > limits.ResourcesPerStream;

    private static AdsReceipt Refuse(ResourceType? type, string why) => new() { Kind = AdsRequestKind.Refused, Type = type, Error = why };

    private string Shorten(string message) => message.Length <= limits.ErrorLength ? message : message[..limits.ErrorLength];
}
