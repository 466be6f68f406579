using Google.Protobuf;

namespace Mesh.Xds.Encoding;

/// <summary>
/// One resource as it goes over the wire, encoded once and shared by every stream that wants it. Nothing is encoded per stream: that is what most of
/// a control plane's time goes into elsewhere.
/// </summary>
public sealed class EncodedResource
{
    /// <summary>Encodes a resource.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="name">Its name, as subscribed to.</param>
    /// <param name="version">Changes if and only if the content does.</param>
    /// <param name="message">The content.</param>
    /// <param name="changedAt">When the content changed.</param>
    /// <param name="cause">W3C traceparent of what changed it; null when unknown.</param>
    public EncodedResource(
        ResourceType type, string name, string version, IMessage message, DateTimeOffset changedAt = default, string? cause = null)
        : this(type, name, version, AsField(type, message.ToByteString()), changedAt, cause)
    {
    }

    private EncodedResource(
        ResourceType type, string name, string version, ReadOnlyMemory<byte> field, DateTimeOffset changedAt, string? cause)
    {
        Type = type;
        Name = name;
        Version = version;
        Field = field;
        ChangedAt = changedAt;
        Cause = cause;
    }

    /// <summary>Its type.</summary>
    public ResourceType Type { get; }

    /// <summary>Its name, as subscribed to.</summary>
    public string Name { get; }

    /// <summary>Changes if and only if the content does: a hash of it.</summary>
    public string Version { get; }

    /// <summary>The whole entry of <c>DiscoveryResponse.resources</c>: tag, length and Any.</summary>
    public ReadOnlyMemory<byte> Field { get; }

    /// <summary>When the content changed.</summary>
    public DateTimeOffset ChangedAt { get; }

    /// <summary>W3C traceparent of what changed it; null when unknown.</summary>
    public string? Cause { get; }

    /// <summary>A resource whose content is encoded already, as when it is put together from encoded parts.</summary>
    public static EncodedResource FromBytes(
        ResourceType type, string name, string version, ReadOnlyMemory<byte> message, DateTimeOffset changedAt = default, string? cause = null) =>
        new(type, name, version, AsField(type, UnsafeByteOperations.UnsafeWrap(message)), changedAt, cause);

    private static byte[] AsField(ResourceType type, ByteString value)
    {
        var any = new Google.Protobuf.WellKnownTypes.Any { TypeUrl = type.Url(), Value = value };
        var size = any.CalculateSize();
        var field = new byte[1 + CodedOutputStream.ComputeLengthSize(size) + size];
        var output = new CodedOutputStream(field);
        output.WriteTag(2, WireFormat.WireType.LengthDelimited);
        output.WriteMessage(any);
        output.CheckNoSpaceLeft();
        return field;
    }
}
