using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Tests.Ads;

/// <summary>Resources in a table. A new version for each change; an old one only when the old content comes back.</summary>
internal sealed class TableSource : IResourceSource
{
    private readonly Dictionary<(ResourceType, string), EncodedResource> _table = [];
    private readonly Dictionary<(ResourceType, string), List<EncodedResource>> _history = [];
    private int _version;

    public EncodedResource? Find(ResourceType type, string name) => _table.GetValueOrDefault((type, name));

    public IReadOnlyList<EncodedResource> All(ResourceType type) =>
        [.. _table.Values.Where(r => r.Type == type && Includes(type, r.Name)).OrderBy(r => r.Name, StringComparer.Ordinal)];

    public bool Includes(ResourceType type, string name) => !name.StartsWith("far", StringComparison.Ordinal);

    public EncodedResource Set(ResourceType type, string name)
    {
        var version = (++_version).ToString(CultureInfo.InvariantCulture);
        var resource = new EncodedResource(type, name, version, new StringValue { Value = $"{name}@{version}" });
        History(type, name).Add(resource);
        return _table[(type, name)] = resource;
    }

    /// <summary>The content of some time ago comes back, with its version but made anew.</summary>
    public void Revert(ResourceType type, string name, int steps)
    {
        var history = History(type, name);
        if (history.Count > 0)
        {
            var old = history[Math.Max(0, history.Count - 1 - steps)];
            _table[(type, name)] = new EncodedResource(type, name, old.Version, new StringValue { Value = $"{name}@{old.Version}" });
        }
    }

    public void Remove(ResourceType type, string name) => _table.Remove((type, name));

    private List<EncodedResource> History(ResourceType type, string name) =>
        _history.TryGetValue((type, name), out var known) ? known : _history[(type, name)] = [];
}
