using Mesh.Xds.Encoding;

namespace Mesh.Xds.Resources;

/// <summary>Resources at one moment, as one kind of client sees them.</summary>
public interface IResourceSource
{
    /// <summary>The resource of that name; null when there is none.</summary>
    EncodedResource? Find(ResourceType type, string name);

    /// <summary>
    /// What a wildcard means: the clusters or the endpoints of all services within the client's reach, or the one listener of its role and the one route
    /// configuration that belongs to it.
    /// </summary>
    IReadOnlyList<EncodedResource> All(ResourceType type);

    /// <summary>Whether a wildcard means that resource, if there is one of that name: what is outside of a client's reach exists, but only for who names it.</summary>
    bool Includes(ResourceType type, string name);
}
