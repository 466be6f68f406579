using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <summary>
/// All that a stream knows of one name of one type. It is a struct in the type's one dictionary: thousands of streams hold a hundred of these each, and sets of
/// their own for what is wanted, sent and marked would take several times the memory.
/// </summary>
internal struct Holding
{
    /// <summary>What was sent last, or what the client said that it has; null when it has nothing by this name.</summary>
    public EncodedResource? Sent;

    /// <summary>What the client accepted last, and so uses; null when it has accepted nothing by this name.</summary>
    public EncodedResource? Accepted;

    /// <summary>The last response before the client wanted it, or before it was taken away: answers to that and to earlier ones are not about this.</summary>
    public long Since;

    /// <summary>The client named it, as opposed to wanting all.</summary>
    public bool Wanted;

    /// <summary>It is in the list of what may have changed.</summary>
    public bool Marked;

    /// <summary>It is in the list of what went away.</summary>
    public bool Gone;

    /// <summary>The client asked for it and gets an answer even if nothing has changed.</summary>
    public bool Owed;

    /// <summary>
    /// The client may have it although it accepted nothing: it was in a refused response, of which some clients take the good parts, or in one that is under way.
    /// </summary>
    public bool Perhaps;

    /// <summary>It was in a refused response and waits to be tried again in smaller company; until then the client stays at what it accepted.</summary>
    public bool HeldBack;

    /// <summary>The number of the pass over all names that came by last.</summary>
    public int Seen;

    /// <summary>Whether this is what was sent last.</summary>
    public readonly bool Has(EncodedResource resource) => Sent is { } sent && Same(sent, resource);

    /// <summary>Whether the client may have something by this name.</summary>
    public readonly bool MayHave => Sent is not null || Perhaps;

    /// <summary>Whether this is what was accepted last.</summary>
    public readonly bool Uses(EncodedResource resource) => Accepted is { } accepted && Same(accepted, resource);

    private static bool Same(EncodedResource one, EncodedResource other) => ReferenceEquals(one, other) || one.Version == other.Version;
}
