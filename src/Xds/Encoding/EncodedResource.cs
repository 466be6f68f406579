using Google.Protobuf;
using Mesh.Xds.Ads;

namespace Mesh.Xds.Encoding;

/// <summary>
/// One resource as it goes over the wire, encoded once and shared by every stream that wants it. Nothing is encoded per stream: that is what most of
/// a control plane's time goes into elsewhere. A response with this resource alone, which is what nearly every push is, is shared whole.
/// </summary>
public sealed class EncodedResource
{
    private readonly byte[] _plain;
    private byte[]? _delta;
    private Mortal? _mortal;
    private EncodedResponse? _alone;
    private EncodedResponse? _aloneInDelta;

    /// <summary>Encodes a resource.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="name">Its name, as subscribed to.</param>
    /// <param name="version">Changes if and only if the content does.</param>
    /// <param name="message">The content.</param>
    /// <param name="changedAt">When the content changed.</param>
    /// <param name="cause">W3C traceparent of what changed it; null when unknown.</param>
    public EncodedResource(
        ResourceType type, string name, string version, IMessage message, DateTimeOffset changedAt = default, string? cause = null)
        : this(type, name, version, Entries.Plain(type, message.ToByteString()), changedAt, cause)
    {
    }

    private EncodedResource(ResourceType type, string name, string version, byte[] plain, DateTimeOffset changedAt, string? cause)
    {
        Type = type;
        Name = name;
        Version = version;
        _plain = plain;
        ChangedAt = changedAt;
        Cause = cause;
    }

    /// <summary>Its type.</summary>
    public ResourceType Type { get; }

    /// <summary>Its name, as subscribed to.</summary>
    public string Name { get; }

    /// <summary>Changes if and only if the content does: a hash of it.</summary>
    public string Version { get; }

    /// <summary>The whole entry of <c>DiscoveryResponse.resources</c>: tag, length and Any. Empty when only the version is known.</summary>
    public ReadOnlyMemory<byte> Field => _plain;

    /// <summary>When the content changed.</summary>
    public DateTimeOffset ChangedAt { get; }

    /// <summary>W3C traceparent of what changed it; null when unknown.</summary>
    public string? Cause { get; }

    /// <summary>How far the change has got that made it; shared with all that the same change made. Null when nobody follows it.</summary>
    public ChangeDelivery? Delivery { get; internal set; }

    /// <summary>A resource whose content is encoded already, as when it is put together from encoded parts.</summary>
    public static EncodedResource FromBytes(
        ResourceType type, string name, string version, ReadOnlyMemory<byte> message, DateTimeOffset changedAt = default, string? cause = null) =>
        new(type, name, version, Entries.Plain(type, UnsafeByteOperations.UnsafeWrap(message)), changedAt, cause);

    /// <summary>A resource of which only the version is known, because the client says that it holds it.</summary>
    internal static EncodedResource Known(ResourceType type, string name, string version) => new(type, name, version, [], default, null);

    /// <summary>The whole entry of a response of this variant, with a time to live unless that is null.</summary>
    internal byte[] Entry(AdsVariant variant, TimeSpan? ttl)
    {
        if (ttl is not { } lives)
        {
            return variant == AdsVariant.StateOfTheWorld ? _plain : _delta ??= Entries.Delta(Name, Version, null, _plain);
        }

        // One time to live is in use at a time; another one, as in a test, takes its place.
        var mortal = _mortal is { } known && known.Ttl == lives ? known : _mortal = new Mortal(lives);
        return variant == AdsVariant.StateOfTheWorld
            ? mortal.Wrapped ??= Entries.Wrapped(Name, Version, lives, _plain)
            : mortal.Delta ??= Entries.Delta(Name, Version, lives, _plain);
    }

    /// <summary>
    /// The response that carries this resource alone, with a nonce newer than <paramref name="after"/>. Most callers get the same one. Who is too far ahead for
    /// it gets a newer one, which takes its place; two threads may both make one, and either may stay.
    /// </summary>
    internal EncodedResponse Alone(AdsVariant variant, long after)
    {
        ref var shared = ref (variant == AdsVariant.Delta ? ref _aloneInDelta : ref _alone);
        if (Volatile.Read(ref shared) is { } made && made.Number > after)
        {
            return made;
        }

        var fresh = EncodedResponse.Whole(variant, this, Nonces.Next());
        Volatile.Write(ref shared, fresh);
        return fresh;
    }

    private sealed class Mortal(TimeSpan ttl)
    {
        public TimeSpan Ttl => ttl;

        public byte[]? Wrapped { get; set; }

        public byte[]? Delta { get; set; }
    }
}
