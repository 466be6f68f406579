using Mesh.Xds.Encoding;

namespace Mesh.Xds.Resources;

/// <summary>Resources at one moment, as one kind of client sees them.</summary>
public interface IResourceSource
{
    /// <summary>The resource of that name; null when there is none.</summary>
    EncodedResource? Find(ResourceType type, string name);

    /// <summary>What a wildcard means: all clusters, or the sidecar's listener. Empty for the types that are asked for by name only.</summary>
    IReadOnlyList<EncodedResource> All(ResourceType type);
}
