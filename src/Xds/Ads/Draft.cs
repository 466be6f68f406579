using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <summary>What a response is to carry. A struct with a place for the one resource that most carry, so that a push makes no list.</summary>
/// <param name="Only">The one resource; null when there are more, or none.</param>
/// <param name="Resources">All of them otherwise.</param>
/// <param name="Removed">Names of what is gone; delta only.</param>
/// <param name="Suspects">What of it the client did not have: to blame if it is refused. Null for all of it.</param>
/// <param name="Trial">Whether it is a trial of resources that were refused in larger company.</param>
internal readonly record struct Draft(
    EncodedResource? Only,
    IReadOnlyList<EncodedResource> Resources,
    IReadOnlyList<string> Removed,
    IReadOnlyList<EncodedResource>? Suspects,
    bool Trial);

/// <summary>Puts a draft together; makes a list only for more than one resource.</summary>
internal struct Batch
{
    private EncodedResource? _first;
    private List<EncodedResource>? _all;
    private List<string>? _removed;

    /// <summary>Bytes of its resources.</summary>
    public int Bytes { get; private set; }

    public void Add(EncodedResource resource)
    {
        Bytes += resource.Field.Length;
        if (_first is null)
        {
            _first = resource;
        }
        else
        {
            (_all ??= [_first]).Add(resource);
        }
    }

    public void Remove(string name) => (_removed ??= []).Add(name);

    /// <summary>Null when there is nothing in it.</summary>
    public readonly Draft? ToDraft(bool trial = false) => this switch
    {
        { _first: null, _removed: null } => null,
        { _all: null, _removed: null } => new Draft(_first, [], [], null, trial),
        _ => new Draft(null, _all ?? (_first is null ? (IReadOnlyList<EncodedResource>)[] : [_first]), _removed ?? (IReadOnlyList<string>)[], null, trial),
    };
}
