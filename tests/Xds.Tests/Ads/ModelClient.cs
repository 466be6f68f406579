using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Tests.Ads;

/// <summary>
/// A client too simple to be wrong, of either protocol: it reads the bytes it is sent, keeps what it likes, refuses a response with anything in it that it does not
/// like, and drops what it no longer wants.
/// </summary>
internal sealed class ModelClient(AdsVariant variant, Func<string, string, bool> likes)
{
    private readonly Dictionary<ResourceType, Side> _sides = ResourceTypes.InOrder.ToDictionary(static type => type, static _ => new Side());

    /// <summary>Its complaint names what it does not like.</summary>
    public bool Quotes { get; init; }

    /// <summary>Of what it refuses it takes what it likes, as gRPC's clients do.</summary>
    public bool TakesGoodParts { get; init; }

    /// <summary>Resources may run out.</summary>
    public bool Mortal { get; init; }

    public bool Likes(string name, string version) => likes(name, version);

    public Side this[ResourceType type] => _sides[type];

    public IMessage Subscribe(ResourceType type, params string[] names)
    {
        var side = _sides[type];
        var was = side.Star;
        foreach (var name in names)
        {
            _ = name == "*" ? side.Star = true : side.Wants.Add(name);
            side.Owed.Add(name);
        }

        if (names.Length == 0 && !side.Started)
        {
            side.Star = type is ResourceType.Cluster or ResourceType.Listener;
        }
        else if (variant == AdsVariant.StateOfTheWorld && was && !names.Contains("*") && !side.Named)
        {
            // It got all by naming none; from the first name on, names are all that it gets.
            side.Star = false;
            side.Forget();
        }

        side.Named |= names.Length > 0;
        side.Asking = true;
        return Request(type, names, []);
    }

    public IMessage Unsubscribe(ResourceType type, params string[] names)
    {
        var side = _sides[type];
        foreach (var name in names)
        {
            _ = name == "*" ? side.Star = false : side.Wants.Remove(name);
            side.Owed.Remove(name);
            if (side.Star)
            {
                side.Owed.Add(name);
            }
        }

        side.Forget();
        side.Asking = true;
        return Request(type, [], names);
    }

    /// <summary>The stream ended; says again what it wants on the next one, and in delta what it has.</summary>
    public IEnumerable<IMessage> Reconnect()
    {
        foreach (var (type, side) in _sides.Where(static pair => pair.Value.Started))
        {
            (side.Started, side.Nonce, side.Answered, side.Asking) = (false, "", false, true);
            side.Owed.Clear();
            side.Owed.UnionWith(variant == AdsVariant.Delta ? side.Wants.Except(side.Has.Keys) : [.. side.Wants, .. side.Has.Keys]);
            side.Named |= variant == AdsVariant.Delta && side.Star;
            if (!side.Star && side.Wants.Count == 0)
            {
                // To ask for nothing would be to ask for all.
                continue;
            }

            yield return Request(type, [.. side.Wants, .. side.Star && side.Named ? ["*"] : Array.Empty<string>()], [], side.Has);
        }
    }

    /// <summary>Reads a response, and makes the answer to it.</summary>
    public IMessage Take(EncodedResponse response)
    {
        var side = _sides[response.Type];
        Assert.True(side.Started, "Nobody asked for this.");
        var (version, url, nonce, resources, removed) = Read(response);
        Assert.Equal(response.Type.Url(), url);
        side.Nonce = nonce;
        var bad = resources.Where(r => r.Content is not null && !likes(r.Name, r.Version)).ToList();
        var whole = variant == AdsVariant.StateOfTheWorld && response.Type is ResourceType.Cluster or ResourceType.Listener;
        side.LastRepeated = bad.Count == 0 && resources.Count > 0 && resources.All(r =>
            r.Content is not null && side.Has.GetValueOrDefault(r.Name) == r.Version && !side.Owed.Contains(r.Name) && !side.Vanished.Contains(r.Name));
        side.LastRepeated &= !whole || (side.Answered && side.Owed.Count == 0 && side.Has.Count == resources.Count);
        if (bad.Count == 0 || TakesGoodParts)
        {
            side.Apply(resources.Except(bad), removed, whole && bad.Count == 0, version);
        }

        side.Answered = true;
        foreach (var name in resources.Select(static r => r.Name).Concat(removed))
        {
            side.Owed.Remove(name);
        }

        side.Version = bad.Count == 0 ? version : side.Version;
        var complaint = bad.Count == 0 ? null : Quotes ? $"rejected: {string.Join(", ", bad.Select(static r => $"{r.Name}: no good"))}" : "something is no good";
        return Request(response.Type, [], [], null, complaint);
    }

    public static AdsReceipt Give(AdsStream stream, IMessage request) =>
        request is DiscoveryRequest whole ? stream.Receive(whole) : stream.Receive((DeltaDiscoveryRequest)request);

    private IMessage Request(
        ResourceType type, IEnumerable<string> subscribe, IEnumerable<string> unsubscribe, IReadOnlyDictionary<string, string>? has = null, string? complaint = null)
    {
        var side = _sides[type];
        side.Started = true;
        var node = new Node { Id = "model", ClientFeatures = { Mortal ? ["xds.config.supports-resource-ttl"] : Array.Empty<string>() } };
        var error = complaint is null ? null : new Google.Rpc.Status { Message = complaint };
        if (variant == AdsVariant.StateOfTheWorld)
        {
            return new DiscoveryRequest
            {
                Node = node,
                TypeUrl = type.Url(),
                VersionInfo = side.Version,
                ResponseNonce = side.Nonce,
                ErrorDetail = error,
                ResourceNames = { side.Wants, side.Star && side.Named ? ["*"] : Array.Empty<string>() },
            };
        }

        var request = new DeltaDiscoveryRequest
        {
            Node = node,
            TypeUrl = type.Url(),
            ResponseNonce = complaint is null && has is null && subscribe.Concat(unsubscribe).Any() ? "" : side.Nonce,
            ErrorDetail = error,
            ResourceNamesSubscribe = { subscribe },
            ResourceNamesUnsubscribe = { unsubscribe },
        };
        foreach (var (name, version) in has ?? new Dictionary<string, string>())
        {
            request.InitialResourceVersions.Add(name, version);
        }

        return request;
    }

    private (string Version, string Url, string Nonce, List<Got> Resources, IReadOnlyList<string> Removed) Read(EncodedResponse response)
    {
        if (variant == AdsVariant.StateOfTheWorld)
        {
            var message = response.ToMessage();
            Assert.Equal(message.CalculateSize(), response.Length);
            return (message.VersionInfo, message.TypeUrl, message.Nonce, [.. message.Resources.Select(any => Unwrap(any))], []);
        }

        var delta = response.ToDeltaMessage();
        Assert.Equal(delta.CalculateSize(), response.Length);
        return (delta.SystemVersionInfo, delta.TypeUrl, delta.Nonce, [.. delta.Resources.Select(Unwrap)], delta.RemovedResources);
    }

    private Got Unwrap(Any any)
    {
        if (any.TryUnpack<Resource>(out var resource))
        {
            return Unwrap(resource);
        }

        Assert.False(Mortal, "It would live for ever.");
        return Got.Of(any.Value);
    }

    private Got Unwrap(Resource resource)
    {
        Assert.Equal(Mortal, resource.Ttl is not null);
        if (resource.Resource_ is null)
        {
            return new Got(resource.Name, resource.Version, null);
        }

        var got = Got.Of(resource.Resource_.Value);
        Assert.Equal((resource.Name, resource.Version), (got.Name, got.Version));
        return got;
    }

    /// <summary>A resource that arrived; without content it is a heartbeat.</summary>
    internal sealed record Got(string Name, string Version, string? Content)
    {
        // The content says again what it is, so that the wrong bytes under the right name are found out.
        public static Got Of(ByteString bytes)
        {
            var content = StringValue.Parser.ParseFrom(bytes).Value.Split('@');
            return new Got(content[0], content[1], content[0]);
        }
    }

    /// <summary>Where it stands with one type.</summary>
    internal sealed class Side
    {
        public SortedSet<string> Wants { get; } = new(StringComparer.Ordinal);

        public bool Star { get; set; }

        public bool Named { get; set; }

        public bool Started { get; set; }

        public bool Answered { get; set; }

        public string Nonce { get; set; } = "";

        public string Version { get; set; } = "";

        /// <summary>What it uses: names and versions.</summary>
        public SortedDictionary<string, string> Has { get; } = new(StringComparer.Ordinal);

        /// <summary>Names that it has asked for since they were last sent.</summary>
        public HashSet<string> Owed { get; } = [];

        /// <summary>Names that were gone at some time; what returns is new, even if it is the same as before.</summary>
        public HashSet<string> Vanished { get; } = [];

        /// <summary>All that arrived last was there already.</summary>
        public bool LastRepeated { get; set; }

        /// <summary>What it asked for is under way, and so may be what it gave up.</summary>
        public bool Asking { get; set; }

        public int Beats { get; private set; }

        public bool Cares(string name) => Star || Wants.Contains(name);

        public void Forget()
        {
            foreach (var name in Has.Keys.Where(name => !Cares(name)).ToList())
            {
                Has.Remove(name);
            }
        }

        public void Apply(IEnumerable<Got> resources, IEnumerable<string> removed, bool whole, string version)
        {
            var all = resources.ToList();
            foreach (var beat in all.Where(static r => r.Content is null && r.Version.Length > 0))
            {
                Assert.True(Has.ContainsKey(beat.Name) || Asking, $"It has no {beat.Name} to go on with.");
                Assert.True(beat.Version == Has.GetValueOrDefault(beat.Name) || beat.Version == version || Asking, "It has another version.");
                Beats++;
            }

            if (whole)
            {
                foreach (var name in Has.Keys.Except(all.Select(static r => r.Name)).ToList())
                {
                    Has.Remove(name);
                }
            }

            foreach (var resource in all.Where(resource => resource.Content is not null && Cares(resource.Name)))
            {
                Has[resource.Name] = resource.Version;
            }

            foreach (var name in removed)
            {
                Has.Remove(name);
            }
        }
    }
}
