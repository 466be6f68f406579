using System.Collections.Concurrent;
using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// Remembers one resource for each kind of client, made when it is first wanted. Two threads may both make it; one result stays, and both are the same.
/// </summary>
internal sealed class PerKind<T>(Func<ClientKind, T> make)
    where T : class
{
    private readonly T?[] _made = new T?[ClientKinds.All.Count];

    public T this[ClientKind kind] =>
        Volatile.Read(ref _made[(int)kind]) ?? Interlocked.CompareExchange(ref _made[(int)kind], make(kind), null) ?? _made[(int)kind]!;
}

/// <summary>The same where the maker comes with the question, so that what it is made of is not kept.</summary>
internal sealed class PerKindCache<T>
    where T : class
{
    private readonly T?[] _made = new T?[ClientKinds.All.Count];

    public T? this[ClientKind kind] => Volatile.Read(ref _made[(int)kind]);

    /// <summary>Keeps what was made, unless somebody else was first; returns what is kept.</summary>
    public T Keep(ClientKind kind, T made) => Interlocked.CompareExchange(ref _made[(int)kind], made, null) ?? made;
}

/// <summary>What CDS says of a service.</summary>
internal sealed class ClusterPart(ServiceId service, TrafficPolicy policy, Stamp stamp)
{
    private readonly PerKind<EncodedResource> _encoded = new(kind => stamp.Encode(
        ResourceType.Cluster, service.ToString(), ClusterTranslation.Translate(service, policy, kind)));

    public EncodedResource this[ClientKind kind] => _encoded[kind];

    public bool Says(TrafficPolicy other) => ReferenceEquals(policy, other) || ClusterTranslation.Same(policy, other);
}

/// <summary>What LDS and RDS say of a service, under whatever name it was asked for.</summary>
internal sealed class RoutePart(ServiceId service, TrafficPolicy policy, ServiceRouting? routing, Stamp stamp)
{
    // Names beyond this are encoded again each time: a client may invent any number of them by varying the port.
    private const int RememberedNames = 64;

    private readonly ConcurrentDictionary<(ResourceType, ClientKind, string), EncodedResource> _byName = new();
    private readonly PerKind<EncodedHost> _virtualHost = new(kind => new(RouteTranslation.VirtualHost(service, policy, kind, routing)));

    public string Name { get; } = service.ToString();

    /// <summary>The other services that requests for this one go to.</summary>
    public ImmutableArray<ServiceId> Leads { get; } =
        routing is null ? [] : [.. routing.Shares().Select(static share => share.Service).Where(other => other != service).Distinct()];

    public EncodedResource Named(ResourceType type, ClientKind kind, string name)
    {
        var key = (type, kind, name);
        if (_byName.TryGetValue(key, out var known))
        {
            return known;
        }

        IMessage message = type == ResourceType.Listener
            ? ListenerTranslation.ForTarget(name)
            : RouteTranslation.ForTarget(name, service, policy, kind, routing);
        var made = stamp.Encode(type, name, message);
        return _byName.Count < RememberedNames ? _byName.GetOrAdd(key, made) : made;
    }

    /// <summary>The encoded VirtualHost, to be put into the route configuration of all services.</summary>
    public EncodedHost VirtualHost(ClientKind kind) => _virtualHost[kind];

    public bool Says(TrafficPolicy other, ServiceRouting? otherRouting) =>
        Hashed(policy) == Hashed(other) && ServiceRouting.Same(routing, otherRouting);

    // All that routes take from a policy.
    private static ConsistentHash? Hashed(TrafficPolicy policy) =>
        policy.LoadBalancer == LoadBalancerAlgorithm.RingHash ? policy.ConsistentHash : null;
}

/// <summary>A VirtualHost's bytes and their version.</summary>
internal sealed class EncodedHost
{
    public EncodedHost(VirtualHost host)
    {
        Bytes = host.ToByteArray();
        Version = ContentHash.Of(Bytes);
    }

    public byte[] Bytes { get; }

    public string Version { get; }
}
