using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <summary>
/// What a client has refused of one type: for each name the version and the client's words, never the content. There are at most as many as names that the
/// client is interested in, and most clients have none.
/// </summary>
internal sealed class Refusals(ResourceType type)
{
    private readonly Dictionary<string, Refusal> _byName = [];

    public int Count => _byName.Count;

    public string? AnyError => _byName.Values.Select(static refusal => refusal.Error).FirstOrDefault();

    public IEnumerable<RefusedResource> All => _byName.Select(pair => new RefusedResource(type, pair.Key, pair.Value.Version, pair.Value.Error));

    /// <summary>Notes a refusal; <paramref name="overtaken"/> when something newer is under way already.</summary>
    public RefusedResource Add(EncodedResource resource, string error, bool overtaken)
    {
        _byName[resource.Name] = new Refusal(resource.Version, error) { Overtaken = overtaken };
        return new RefusedResource(type, resource.Name, resource.Version, error);
    }

    public void Forget(string name) => _byName.Remove(name);

    public RefusedResource? Find(string name) =>
        _byName.TryGetValue(name, out var refusal) ? new RefusedResource(type, name, refusal.Version, refusal.Error) : null;

    /// <summary>Whether the client has refused exactly this.</summary>
    public bool Covers(EncodedResource resource) => _byName.TryGetValue(resource.Name, out var refusal) && refusal.Version == resource.Version;

    /// <summary>
    /// The newest version is another one than was refused: true the first time, when it has to be sent even if the client should hold it from before, so that
    /// its answer tells that all is well again.
    /// </summary>
    public bool Overtake(EncodedResource newest)
    {
        if (!_byName.TryGetValue(newest.Name, out var refusal))
        {
            return false;
        }

        var first = !refusal.Overtaken && refusal.Version != newest.Version;
        refusal.Overtaken = refusal.Version != newest.Version;
        return first;
    }

    public bool IsOvertaken(string name) => _byName.TryGetValue(name, out var refusal) && refusal.Overtaken;

    /// <summary>What was newer than the refused version did not arrive either, so whatever comes next counts as the first again.</summary>
    public void Rewind(string name)
    {
        if (_byName.TryGetValue(name, out var refusal))
        {
            refusal.Overtaken = false;
        }
    }

    /// <summary>The client accepted something by this name; what it had refused, if that is over now.</summary>
    public RefusedResource? Restore(EncodedResource accepted) =>
        _byName.TryGetValue(accepted.Name, out var refusal) && refusal.Overtaken && _byName.Remove(accepted.Name)
            ? new RefusedResource(type, accepted.Name, refusal.Version, refusal.Error)
            : null;

    private sealed class Refusal(string version, string error)
    {
        public string Version => version;

        public string Error => error;

        // Something newer was sent. Until then, what the client accepts by this name is only what it had before.
        public bool Overtaken { get; set; }
    }
}
