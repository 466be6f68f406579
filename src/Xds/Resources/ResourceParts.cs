using System.Collections.Concurrent;
using System.Collections.Immutable;
using Google.Protobuf;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>When a part of a service last changed.</summary>
/// <param name="Version">The version of the snapshot that changed it.</param>
/// <param name="At">When that snapshot was made.</param>
/// <param name="Cause">W3C traceparent of its cause; null when unknown.</param>
internal readonly record struct Stamp(string Version, DateTimeOffset At, string? Cause);

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

/// <summary>What CDS says of a service.</summary>
internal sealed class ClusterPart(ServiceId service, TrafficPolicy policy, Stamp stamp)
{
    private readonly PerKind<EncodedResource> _encoded = new(kind => new EncodedResource(
        ResourceType.Cluster, service.ToString(), stamp.Version, ClusterTranslation.Translate(service, policy, kind), stamp.At, stamp.Cause));

    public EncodedResource this[ClientKind kind] => _encoded[kind];

    public bool Says(TrafficPolicy other) => ReferenceEquals(policy, other) || ClusterTranslation.Same(policy, other);
}

/// <summary>What LDS and RDS say of a service, under whatever name it was asked for.</summary>
internal sealed class RoutePart(ServiceId service, TrafficPolicy policy, Stamp stamp)
{
    // Names beyond this are encoded again each time: a client may invent any number of them by varying the port.
    private const int RememberedNames = 64;

    private readonly ConcurrentDictionary<(ResourceType, ClientKind, string), EncodedResource> _byName = new();
    private readonly PerKind<byte[]> _virtualHost = new(kind => RouteTranslation.VirtualHost(service, policy, kind).ToByteArray());

    public string Name { get; } = service.ToString();

    public string Version => stamp.Version;

    public EncodedResource Named(ResourceType type, ClientKind kind, string name)
    {
        var key = (type, kind, name);
        if (_byName.TryGetValue(key, out var known))
        {
            return known;
        }

        IMessage message = type == ResourceType.Listener
            ? ListenerTranslation.ForTarget(name)
            : RouteTranslation.ForTarget(name, service, policy, kind);
        var made = new EncodedResource(type, name, stamp.Version, message, stamp.At, stamp.Cause);
        return _byName.Count < RememberedNames ? _byName.GetOrAdd(key, made) : made;
    }

    /// <summary>The encoded VirtualHost, to be put into the route configuration of all services.</summary>
    public byte[] VirtualHost(ClientKind kind) => _virtualHost[kind];

    public bool Says(TrafficPolicy other) => Hashed(policy) == Hashed(other);

    // All that routes take from a policy.
    private static ConsistentHash? Hashed(TrafficPolicy policy) =>
        policy.LoadBalancer == LoadBalancerAlgorithm.RingHash ? policy.ConsistentHash : null;
}
