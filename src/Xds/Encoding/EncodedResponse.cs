using System.Buffers;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Mesh.Xds.Ads;

namespace Mesh.Xds.Encoding;

/// <summary>
/// A response of either variant whose resources are encoded already. Protobuf's fields may come in any order, and parts of a message may be put one after
/// the other: so a response is a short head of its own (version, type, nonce, what is removed) followed by the shared bytes of its resources, or one array of
/// bytes where the whole of it is shared.
/// </summary>
public sealed class EncodedResponse
{
    private readonly byte[] _head;
    private readonly TimeSpan? _ttl;
    private readonly bool _whole;

    /// <summary>Makes a response.</summary>
    /// <param name="variant">Of which protocol.</param>
    /// <param name="type">The type of all its resources.</param>
    /// <param name="version">The version_info; in delta, the system_version_info, which is for people only.</param>
    /// <param name="nonce">Unique on its stream; at least 1.</param>
    /// <param name="resources">What it carries; in state of the world, of clusters and listeners all that there are.</param>
    /// <param name="removed">Names of what there is no longer; delta only.</param>
    /// <param name="ttl">How long the resources live unless they are sent again or repeated by a heartbeat; null for ever.</param>
    public EncodedResponse(
        AdsVariant variant,
        ResourceType type,
        string version,
        long nonce,
        IReadOnlyList<EncodedResource> resources,
        IReadOnlyList<string>? removed = null,
        TimeSpan? ttl = null)
        : this(variant, type, version, nonce, resources, removed ?? [], ttl, null)
    {
    }

    /// <summary>Makes a response of state of the world, for whoever wants to look at resources as a client gets them.</summary>
    public EncodedResponse(ResourceType type, string version, string nonce, IReadOnlyList<EncodedResource> resources)
        : this(AdsVariant.StateOfTheWorld, type, version, Nonces.Parse(nonce), resources)
    {
    }

    private EncodedResponse(
        AdsVariant variant,
        ResourceType type,
        string version,
        long nonce,
        IReadOnlyList<EncodedResource> resources,
        IReadOnlyList<string> removed,
        TimeSpan? ttl,
        byte[]? entries)
    {
        Variant = variant;
        Type = type;
        Version = version;
        Number = nonce;
        Resources = resources;
        Removed = removed;
        _ttl = ttl;
        _whole = entries is not null;
        var head = Head();
        _head = entries is null ? head : [.. head, .. entries];
        Length = _head.Length;
        for (var i = 0; !_whole && i < resources.Count; i++)
        {
            Length += resources[i].Entry(variant, ttl).Length;
        }
    }

    /// <summary>Of which protocol it is.</summary>
    public AdsVariant Variant { get; }

    /// <summary>The type of all its resources.</summary>
    public ResourceType Type { get; }

    /// <summary>The version_info; in delta, the system_version_info.</summary>
    public string Version { get; }

    /// <summary>Unique on its stream.</summary>
    public string Nonce => Nonces.ToText(Number);

    /// <summary>What it carries; nothing for a heartbeat, which only names what the client has.</summary>
    public IReadOnlyList<EncodedResource> Resources { get; }

    /// <summary>Names of what there is no longer; delta only.</summary>
    public IReadOnlyList<string> Removed { get; }

    /// <summary>Bytes on the wire.</summary>
    public int Length { get; }

    /// <summary>The nonce as a number; on one stream it only grows.</summary>
    public long Number { get; }

    /// <summary>Writes the message.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Write(_head);
        for (var i = 0; !_whole && i < Resources.Count; i++)
        {
            output.Write(Resources[i].Entry(Variant, _ttl));
        }
    }

    /// <summary>The same as a message of state of the world, for tests and tools.</summary>
    public DiscoveryResponse ToMessage() => DiscoveryResponse.Parser.ParseFrom(ToBytes());

    /// <summary>The same as a message of delta, for tests and tools.</summary>
    public DeltaDiscoveryResponse ToDeltaMessage() => DeltaDiscoveryResponse.Parser.ParseFrom(ToBytes());

    /// <summary>A response with one resource, all in one piece.</summary>
    internal static EncodedResponse Whole(AdsVariant variant, EncodedResource resource, long nonce) =>
        new(variant, resource.Type, resource.Version, nonce, [resource], [], null, resource.Entry(variant, null));

    /// <summary>
    /// Says that the client may keep these for another time to live. In state of the world a heartbeat carries the version of the type, since that is what
    /// Envoy compares it with; in delta the version of the resource.
    /// </summary>
    internal static EncodedResponse Heartbeat(
        AdsVariant variant, ResourceType type, string version, long nonce, IEnumerable<EncodedResource> held, TimeSpan ttl) =>
        new(variant, type, version, nonce, [], [], ttl, [.. held.SelectMany(resource => variant == AdsVariant.Delta
            ? Entries.Delta(resource.Name, resource.Version, ttl, [])
            : Entries.Wrapped(resource.Name, version, ttl, []))]);

    private byte[] Head() => Variant == AdsVariant.StateOfTheWorld
        ? new DiscoveryResponse { VersionInfo = Version, TypeUrl = Type.Url(), Nonce = Nonce }.ToByteArray()
        : new DeltaDiscoveryResponse { SystemVersionInfo = Version, TypeUrl = Type.Url(), Nonce = Nonce, RemovedResources = { Removed } }.ToByteArray();

    private byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>(Math.Max(1, Length));
        WriteTo(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
