using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Mesh.Xds.Encoding;

/// <summary>
/// The forms in which a resource is an entry of a response. All are put around the same bytes: field 2 of a DiscoveryResponse is an Any, and field 2 of the
/// Resource that wraps it is one too, so the plain entry as it stands is also the part of the wrapper that holds the content.
/// </summary>
internal static class Entries
{
    private const int EntryField = 2;

    private static readonly byte[] WrapperHead = new Any { TypeUrl = "type.googleapis.com/envoy.service.discovery.v3.Resource" }.ToByteArray();

    /// <summary>The content as state of the world sends it: an Any.</summary>
    public static byte[] Plain(ResourceType type, ByteString content) =>
        Field(EntryField, new Any { TypeUrl = type.Url(), Value = content }.ToByteArray(), []);

    /// <summary>As delta sends it: a Resource with a name, a version, and perhaps a time to live. Without the plain entry it is a heartbeat.</summary>
    public static byte[] Delta(string name, string version, TimeSpan? ttl, ReadOnlySpan<byte> plain) =>
        Field(EntryField, Head(name, version, ttl), plain);

    /// <summary>The same within state of the world, which has no other place for a time to live: an Any that holds the Resource.</summary>
    public static byte[] Wrapped(string name, string version, TimeSpan ttl, ReadOnlySpan<byte> plain) =>
        Field(EntryField, WrapperHead, Field(Any.ValueFieldNumber, Head(name, version, ttl), plain));

    private static byte[] Head(string name, string version, TimeSpan? ttl)
    {
        var head = new Resource { Name = name, Version = version };
        if (ttl is { } lives)
        {
            head.Ttl = Duration.FromTimeSpan(lives);
        }

        return head.ToByteArray();
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        var length = head.Length + tail.Length;
        var field = new byte[CodedOutputStream.ComputeTagSize(number) + CodedOutputStream.ComputeLengthSize(length) + length];
        var output = new CodedOutputStream(field);
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteLength(length);
        var start = (int)output.Position;
        head.CopyTo(field.AsSpan(start));
        tail.CopyTo(field.AsSpan(start + head.Length));
        return field;
    }
}
