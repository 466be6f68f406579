using Google.Protobuf;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Resources;

/// <summary>
/// What is known of the change that made a part of a service what it is. It goes along with the resource, for figures and traces, and is no part of its version:
/// after a restart the same content has another history.
/// </summary>
/// <param name="At">When the snapshot was made that changed it.</param>
/// <param name="Cause">W3C traceparent of its cause; null when unknown.</param>
internal readonly record struct Stamp(DateTimeOffset At, string? Cause)
{
    /// <summary>Who has answered it.</summary>
    public ChangeDelivery? Delivery { get; init; }

    /// <summary>What is known of a change that is made now.</summary>
    public static Stamp Of(DateTimeOffset at, string? cause) => new(at, cause) { Delivery = new ChangeDelivery(at) };

    /// <summary>Encodes a resource; its version is made of its bytes.</summary>
    public EncodedResource Encode(ResourceType type, string name, IMessage message)
    {
        var bytes = message.ToByteArray();
        return Encode(type, name, ContentHash.Of(bytes), bytes);
    }

    /// <summary>The same of what is encoded already, and has a version that is made of its content.</summary>
    public EncodedResource Encode(ResourceType type, string name, string version, ReadOnlyMemory<byte> bytes)
    {
        var resource = EncodedResource.FromBytes(type, name, version, bytes, At, Cause);
        resource.Delivery = Delivery;
        return resource;
    }
}
