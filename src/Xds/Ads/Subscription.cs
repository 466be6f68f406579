using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Ads;

/// <summary>What one stream wants of one type, what it was last sent of it, and what may have changed since.</summary>
internal abstract class Subscription(ResourceType type)
{
    /// <summary>What the client holds as far as we know, by name: only what it still wants.</summary>
    protected Dictionary<string, EncodedResource> Held { get; } = [];

    public IReadOnlyCollection<EncodedResource> HeldResources => Held.Values;

    public HashSet<string> Names { get; } = [];

    public bool Wildcard { get; protected set; }

    public ResourceType Type => type;

    public bool Started { get; private set; }

    public abstract bool Dirty { get; }

    public int Wanted => Wildcard ? -1 : Names.Count;

    public static Subscription Of(ResourceType type) =>
        type is ResourceType.Cluster or ResourceType.Listener ? new WholeSubscription(type) : new NamedSubscription(type);

    /// <summary>Replaces the names; what a request says is always all that it wants.</summary>
    public (IReadOnlyList<string> Added, IReadOnlyList<string> Removed) Want(IReadOnlyCollection<string> names)
    {
        if (Started && !Wildcard && names.Count == Names.Count && names.Count > 0 && Names.SetEquals(names))
        {
            // As in nearly every acknowledgement.
            return ([], []);
        }

        var wanted = new HashSet<string>(names);
        var first = !Started;
        Started = true;
        ReadWildcard(wanted);
        var added = wanted.Except(Names).ToList();
        var removed = Names.Except(wanted).ToList();
        Names.UnionWith(added);
        Names.ExceptWith(removed);
        OnChanged(first, added, removed);
        return (added, removed);
    }

    /// <summary>A resource may have changed.</summary>
    public abstract void Mark(string name);

    /// <summary>
    /// What to send now, or null. Without <paramref name="removals"/> nothing is taken away that the client holds, so that it never has routes without
    /// clusters.
    /// </summary>
    public abstract IReadOnlyList<EncodedResource>? Next(IResourceSource source, int maxBytes, bool removals);

    protected virtual void ReadWildcard(HashSet<string> wanted)
    {
    }

    protected abstract void OnChanged(bool first, List<string> added, List<string> removed);

    protected bool Holds(EncodedResource resource) => Held.TryGetValue(resource.Name, out var held) && held.Version == resource.Version;
}
