using System.Runtime.CompilerServices;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <content>How a client says what it wants.</content>
internal abstract partial class Subscription
{
    // What the client said last that it wants.
    private string[]? _replaced;

    // A first request without names means all of these; of other types it means nothing.
    private bool AllByDefault => type is ResourceType.Cluster or ResourceType.Listener;

    /// <summary>State of the world: what a request says is always all that it wants.</summary>
    public Wants Replace(string[] names)
    {
        if (Started && ReferenceEquals(names, _replaced))
        {
            // As in nearly every acknowledgement.
            return new Wants(false, [], [], [], Wildcard);
        }

        _replaced = names;
        var first = !Started;
        Started = true;
        if (first)
        {
            Holdings.EnsureCapacity(Math.Min(names.Length, limits.ResourcesPerStream));
        }

        var pass = NextPass();
        List<string>? added = null;
        var (seen, before, star) = (0, Named, false);
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i] == WildcardName)
            {
                star = true;
                continue;
            }

            ref var holding = ref FindOrAdd(names[i]);
            if (holding.Seen == pass)
            {
                continue;
            }

            holding.Seen = pass;
            seen++;
            if (!holding.Wanted)
            {
                holding.Wanted = true;
                (added ??= []).Add(names[i]);
            }
        }

        // No name means all, but only as long as none was ever given for this type.
        var wildcard = star || (names.Length == 0 && !_everNamed && AllByDefault);
        _everNamed |= names.Length > 0;
        List<string>? removed = null;
        // As in nearly every acknowledgement, nothing is missing: then nobody has to look for it.
        if (seen - (added?.Count ?? 0) < before)
        {
            removed = [.. Holdings.Where(pair => pair.Value.Wanted && pair.Value.Seen != pass).Select(static pair => pair.Key)];
        }

        return Change(new Wants(first, added ?? (IReadOnlyList<string>)[], removed ?? (IReadOnlyList<string>)[], [], wildcard));
    }

    /// <summary>Delta: a request says what is wanted beside what was wanted already, and what is no longer.</summary>
    public Wants Change(IReadOnlyList<string> subscribe, IReadOnlyList<string> unsubscribe, IEnumerable<KeyValuePair<string, string>> initial)
    {
        if (Started && subscribe.Count == 0 && unsubscribe.Count == 0)
        {
            // As in nearly every acknowledgement.
            return new Wants(false, [], [], [], Wildcard);
        }

        var first = !Started;
        Started = true;
        if (first)
        {
            Holdings.EnsureCapacity(Math.Min(subscribe.Count, limits.ResourcesPerStream));
        }

        foreach (var (name, version) in first ? initial : [])
        {
            ref var holding = ref FindOrAdd(name);
            holding.Sent = holding.Accepted = EncodedResource.Known(type, name, version);
        }

        // Who names a thing both ways wants it. Looked up in a set: a message has room for some hundred thousand names of either kind.
        var kept = subscribe.Count > 0 && unsubscribe.Count > 0 ? subscribe.ToHashSet() : null;
        List<string>? removed = null;
        var wildcard = Wildcard || (first && AllByDefault && subscribe.Count == 0);
        foreach (var name in unsubscribe)
        {
            ref var holding = ref Find(name);
            if (name == WildcardName)
            {
                wildcard = false;
            }
            else if (!Unsafe.IsNullRef(ref holding) && holding.Wanted && kept?.Contains(name) != true)
            {
                // At once, so that a name that is there twice is removed once.
                holding.Wanted = false;
                (removed ??= []).Add(name);
            }
        }

        List<string>? added = null;
        List<string>? again = null;
        foreach (var name in subscribe)
        {
            if (name == WildcardName)
            {
                wildcard = true;
                continue;
            }

            ref var holding = ref FindOrAdd(name);
            // Every name is answered, also one that is known or does not exist; only who says which version it has is answered by silence if that is the newest.
            holding.Owed |= !(first && holding.Sent is not null);
            if (!holding.Wanted)
            {
                holding.Wanted = true;
                (added ??= []).Add(name);
            }
            else
            {
                (again ??= []).Add(name);
            }
        }

        return Change(new Wants(
            first, added ?? (IReadOnlyList<string>)[], removed ?? (IReadOnlyList<string>)[], again ?? (IReadOnlyList<string>)[], wildcard));
    }

    /// <summary>The wants have changed; what the client no longer wants is forgotten after this.</summary>
    protected abstract void OnChanged(Wants wants, bool began);

    private Wants Change(Wants wants)
    {
        var (began, ended) = (wants.Wildcard && !Wildcard, Wildcard && !wants.Wildcard);
        Wildcard = wants.Wildcard;
        Named += wants.Added.Count - wants.Removed.Count;
        foreach (var name in wants.Removed)
        {
            Find(name).Wanted = false;
        }

        OnChanged(wants, began);
        if (ended || (wants.First && !Wildcard))
        {
            foreach (var name in Holdings.Where(static pair => !pair.Value.Wanted).Select(static pair => pair.Key).ToList())
            {
                Drop(name);
            }
        }
        else if (!Wildcard)
        {
            foreach (var name in wants.Removed)
            {
                Drop(name);
            }
        }

        return wants;
    }

    private void Drop(string name)
    {
        Holdings.Remove(name);
        _refusals?.Forget(name);
    }
}

/// <summary>What a request changed in what is wanted.</summary>
/// <param name="First">Whether it is the stream's first of this type.</param>
/// <param name="Added">Names that are wanted from now on.</param>
/// <param name="Removed">Names that are wanted no longer.</param>
/// <param name="Again">Names that were wanted already and are asked for again; delta only.</param>
/// <param name="Wildcard">Whether all is wanted.</param>
internal readonly record struct Wants(
    bool First, IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyList<string> Again, bool Wildcard);
