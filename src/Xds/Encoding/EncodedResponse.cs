using System.Buffers;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;

namespace Mesh.Xds.Encoding;

/// <summary>
/// A DiscoveryResponse whose resources are encoded already. Protobuf's fields may come in any order, and parts of a message may be put one after
/// the other: so a response is a short head of its own (version, type, nonce) followed by the shared bytes of its resources.
/// </summary>
public sealed class EncodedResponse
{
    private readonly byte[] _head;

    /// <summary>Makes a response.</summary>
    /// <param name="type">The type of all its resources.</param>
    /// <param name="version">The version_info.</param>
    /// <param name="nonce">Unique on its stream.</param>
    /// <param name="resources">What it carries; for clusters and listeners, all that there are.</param>
    public EncodedResponse(ResourceType type, string version, string nonce, IReadOnlyList<EncodedResource> resources)
    {
        Type = type;
        Version = version;
        Nonce = nonce;
        Resources = resources;
        _head = new DiscoveryResponse { VersionInfo = version, TypeUrl = type.Url(), Nonce = nonce }.ToByteArray();
        Length = _head.Length + resources.Sum(r => r.Field.Length);
    }

    /// <summary>The type of all its resources.</summary>
    public ResourceType Type { get; }

    /// <summary>The version_info.</summary>
    public string Version { get; }

    /// <summary>Unique on its stream.</summary>
    public string Nonce { get; }

    /// <summary>What it carries.</summary>
    public IReadOnlyList<EncodedResource> Resources { get; }

    /// <summary>Bytes on the wire.</summary>
    public int Length { get; }

    /// <summary>Writes the message.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Write(_head);
        foreach (var resource in Resources)
        {
            output.Write(resource.Field.Span);
        }
    }

    /// <summary>The same as a message, for tests and tools.</summary>
    public DiscoveryResponse ToMessage()
    {
        var buffer = new ArrayBufferWriter<byte>(Length);
        WriteTo(buffer);
        return DiscoveryResponse.Parser.ParseFrom(buffer.WrittenSpan);
    }
}
