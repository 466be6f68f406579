using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Ads;

/// <summary>
/// EDS and RDS: resources are sent one by one, so only what changed is looked at. A mark is a name in a set, however often it changes before the client
/// is ready to read it.
/// </summary>
internal sealed class NamedSubscription(ResourceType type) : Subscription(type)
{
    private readonly HashSet<string> _dirty = [];

    public override bool Dirty => _dirty.Count > 0;

    public override void Mark(string name)
    {
        if (Names.Contains(name))
        {
            _dirty.Add(name);
        }
    }

    public override IReadOnlyList<EncodedResource>? Next(IResourceSource source, int maxBytes, bool removals)
    {
        if (!Dirty)
        {
            return null;
        }

        List<EncodedResource>? send = null;
        List<string> done = [];
        var bytes = 0;
        foreach (var name in _dirty)
        {
            if (bytes >= maxBytes)
            {
                break;
            }

            done.Add(name);
            if (source.Find(Type, name) is not { } resource)
            {
                // There is no way to say that it is gone but to take away what refers to it. If it returns, it is new.
                Held.Remove(name);
            }
            else if (!Holds(resource))
            {
                Held[name] = resource;
                (send ??= []).Add(resource);
                bytes += resource.Field.Length;
            }
        }

        _dirty.ExceptWith(done);
        return send;
    }

    protected override void OnChanged(bool first, List<string> added, List<string> removed)
    {
        _dirty.UnionWith(added);
        _dirty.ExceptWith(removed);
        foreach (var name in removed)
        {
            Held.Remove(name);
        }
    }
}
