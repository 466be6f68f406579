using Google.Protobuf.WellKnownTypes;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Tests.Ads;

/// <summary>Resources in a table. A new version for each change, never the same again.</summary>
internal sealed class TableSource : IResourceSource
{
    private readonly Dictionary<(ResourceType, string), EncodedResource> _table = [];
    private int _version;

    public EncodedResource? Find(ResourceType type, string name) => _table.GetValueOrDefault((type, name));

    public IReadOnlyList<EncodedResource> All(ResourceType type) => type is ResourceType.Cluster or ResourceType.Listener
        ? [.. _table.Values.Where(r => r.Type == type).OrderBy(r => r.Name, StringComparer.Ordinal)]
        : [];

    public void Set(ResourceType type, string name)
    {
        var version = $"{++_version}";
        _table[(type, name)] = new EncodedResource(type, name, version, new StringValue { Value = $"{name}@{version}" });
    }

    public void Remove(ResourceType type, string name) => _table.Remove((type, name));
}
