using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Ads;

/// <summary>
/// CDS and LDS: a response is all that there is of what the client wants, and what is missing from it is removed. So there is one mark for the type,
/// and a look at all of it when it is set.
/// </summary>
internal sealed class WholeSubscription(ResourceType type) : Subscription(type)
{
    private const string WildcardName = "*";

    private bool _everNamed;
    private bool _answered;
    private bool _marked;

    public override bool Dirty => _marked;

    public override void Mark(string name) => _marked |= Wildcard || Names.Contains(name);

    public override IReadOnlyList<EncodedResource>? Next(IResourceSource source, int maxBytes, bool removals)
    {
        if (!_marked)
        {
            return null;
        }

        var present = Present(source);
        var kept = Held.Values.Where(held => !present.ContainsKey(held.Name)).ToList();
        if (!_answered || present.Values.Any(resource => !Holds(resource)))
        {
            _marked = kept.Count > 0;
            return Send([.. present.Values, .. kept]);
        }

        if (kept.Count == 0)
        {
            _marked = false;
            return null;
        }

        if (!removals)
        {
            return null;
        }

        _marked = false;
        return Send([.. present.Values]);
    }

    protected override void ReadWildcard(HashSet<string> wanted)
    {
        var named = wanted.Count > 0;
        // No name means all, but only as long as none was ever given for this type.
        var wildcard = wanted.Remove(WildcardName) || (!named && !_everNamed);
        _everNamed |= named;
        _marked |= wildcard && !Wildcard;
        if (Wildcard && !wildcard)
        {
            foreach (var name in Held.Keys.Where(name => !wanted.Contains(name)).ToList())
            {
                Held.Remove(name);
            }
        }

        Wildcard = wildcard;
    }

    protected override void OnChanged(bool first, List<string> added, List<string> removed)
    {
        _marked |= first || added.Count > 0;
        // Who asks for a new name is answered even when there is nothing by that name: its absence is the answer, and without one the
        // client would wait until its patience ends. A name that it holds already, from when it wanted all, is not new.
        _answered &= added.TrueForAll(Held.ContainsKey);
        foreach (var name in Wildcard ? [] : removed)
        {
            Held.Remove(name);
        }
    }

    private Dictionary<string, EncodedResource> Present(IResourceSource source)
    {
        var present = new Dictionary<string, EncodedResource>();
        foreach (var resource in Wildcard ? source.All(Type) : [])
        {
            present.TryAdd(resource.Name, resource);
        }

        foreach (var name in Names)
        {
            if (!present.ContainsKey(name) && source.Find(Type, name) is { } resource)
            {
                present.Add(name, resource);
            }
        }

        return present;
    }

    private EncodedResource[] Send(EncodedResource[] resources)
    {
        _answered = true;
        Held.Clear();
        foreach (var resource in resources)
        {
            Held[resource.Name] = resource;
        }

        return resources;
    }
}
