using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Mesh.Proxy.Discovery;

/// <summary>What an answer did to one type's resources.</summary>
/// <param name="Changed">Names of resources that are new, different or gone.</param>
/// <param name="Errors">Why some were refused; empty when all were understood.</param>
public sealed record Taken(IReadOnlyList<string> Changed, IReadOnlyList<string> Errors);

/// <summary>One type of resource on the stream: which names are wanted, what was last accepted, and what goes on the wire about it.</summary>
public abstract class ResourceSet(string typeUrl)
{
    /// <summary>The type's URL.</summary>
    public string TypeUrl { get; } = typeUrl;

    /// <summary>The names asked for.</summary>
    public SortedSet<string> Wanted { get; } = new(StringComparer.Ordinal);

    /// <summary>The version last accepted in full; it survives the stream.</summary>
    public string Version { get; protected set; } = "";

    /// <summary>The nonce of the last answer on this stream.</summary>
    public string Nonce { get; private set; } = "";

    /// <summary>Why the last answer was refused; null when it was not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Whether this stream was asked for this type yet. An empty list of names may only be sent after one that was not.</summary>
    public bool Asked { get; set; }

    /// <summary>A new stream knows no nonce.</summary>
    public void Reopen()
    {
        Nonce = "";
        Asked = false;
    }

    /// <summary>Reads an answer.</summary>
    public Taken Take(string version, string nonce, IReadOnlyList<Any> resources)
    {
        Nonce = nonce;
        var taken = Take(resources);
        Refusal = taken.Errors.Count == 0 ? null : string.Join("; ", taken.Errors.Take(10));
        if (Refusal is null)
        {
            Version = version;
        }

        return taken;
    }

    /// <summary>Changes what is wanted, and forgets what no longer is.</summary>
    /// <returns>Whether the names changed.</returns>
    public bool Want(IEnumerable<string> names)
    {
        var wanted = new HashSet<string>(names, StringComparer.Ordinal);
        if (Wanted.SetEquals(wanted))
        {
            return false;
        }

        Wanted.Clear();
        Wanted.UnionWith(wanted);
        Forget();
        return true;
    }

    /// <summary>Reads resources into the set.</summary>
    protected abstract Taken Take(IReadOnlyList<Any> resources);

    /// <summary>Drops what is not wanted.</summary>
    protected abstract void Forget();
}

/// <summary>The resources of one type, decoded.</summary>
/// <param name="typeUrl">The type's URL.</param>
/// <param name="absenceRemoves">Whether a resource that an answer lacks is gone (LDS and CDS), or merely not resent (RDS and EDS).</param>
/// <param name="name">The name of a resource on the wire.</param>
/// <param name="decode">Reads one, or throws <see cref="RefusedResourceException"/>.</param>
public sealed class ResourceSet<TWire, TConfig>(string typeUrl, bool absenceRemoves, Func<TWire, string> name, Func<TWire, TConfig> decode)
    : ResourceSet(typeUrl)
    where TWire : IMessage<TWire>, new()
    where TConfig : class
{
    private readonly Dictionary<string, (ByteString Bytes, TConfig Config)> _values = new(StringComparer.Ordinal);

    /// <summary>Wanted names that an answer lacked: they do not exist as far as the control plane has said.</summary>
    public HashSet<string> Absent { get; } = new(StringComparer.Ordinal);

    /// <summary>The names that are known.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>The bytes of all that is known, as they came.</summary>
    public IEnumerable<Any> Raw => _values.Values.Select(v => new Any { TypeUrl = TypeUrl, Value = v.Bytes });

    /// <summary>The last good configuration of that name; null when there is none.</summary>
    public TConfig? Find(string resource) => _values.TryGetValue(resource, out var found) ? found.Config : null;

    /// <inheritdoc/>
    protected override Taken Take(IReadOnlyList<Any> resources)
    {
        var changed = new List<string>();
        var errors = new List<string>();
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var any in resources)
        {
            var decoded = Decode(any);
            if (decoded.Name.Length > 0)
            {
                present.Add(decoded.Name);
                Absent.Remove(decoded.Name);
            }

            if (!decoded.Ok)
            {
                // What was good stays in force; the rest of the answer is taken, as proxyless gRPC does.
                errors.Add($"{(decoded.Name.Length > 0 ? decoded.Name : TypeUrl)}: {decoded.Error}");
            }
            else if (Wanted.Contains(decoded.Name) && (!_values.TryGetValue(decoded.Name, out var old) || old.Bytes != any.Value))
            {
                _values[decoded.Name] = (any.Value, decoded.Value);
                changed.Add(decoded.Name);
            }
        }

        if (absenceRemoves)
        {
            foreach (var gone in Wanted.Where(w => !present.Contains(w)))
            {
                Absent.Add(gone);
                if (_values.Remove(gone))
                {
                    changed.Add(gone);
                }
            }
        }

        return new Taken(changed, errors);
    }

    /// <inheritdoc/>
    protected override void Forget()
    {
        foreach (var unwanted in _values.Keys.Where(k => !Wanted.Contains(k)).ToList())
        {
            _values.Remove(unwanted);
        }

        Absent.IntersectWith(Wanted);
    }

    private Decoded<TConfig> Decode(Any any)
    {
        if (any.TypeUrl != TypeUrl)
        {
            return new Decoded<TConfig>("", null, $"a resource of type '{any.TypeUrl}' came in an answer for {TypeUrl}");
        }

        var resource = "";
        try
        {
            var wire = new TWire();
            wire.MergeFrom(any.Value);
            resource = name(wire);
            return new Decoded<TConfig>(resource, decode(wire), null);
        }
        catch (InvalidProtocolBufferException)
        {
            return new Decoded<TConfig>(resource, null, "cannot be parsed");
        }
        catch (RefusedResourceException refused)
        {
            return new Decoded<TConfig>(resource, null, refused.Message);
        }
    }
}
