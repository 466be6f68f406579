using Mesh.Xds;

namespace Mesh.Gateway.Streams;

/// <summary>
/// What changed since a stream's writer last looked. Each resource takes one place however often it changes, so a client that does not read costs no more
/// than what it asked for.
/// </summary>
internal sealed class DirtyMarks(TimeProvider time)
{
    private readonly Lock _gate = new();
    private HashSet<ResourceKey> _marks = [];
    private HashSet<ResourceKey> _taken = [];
    private long _since;

    public void Add(ResourceKey key)
    {
        lock (_gate)
        {
            if (_marks.Count == 0)
            {
                _since = time.GetTimestamp();
            }

            _marks.Add(key);
        }
    }

    /// <summary>Forgets marks of what is wanted no longer: who asks for names and gives them back without ever reading is to cost what it wants now.</summary>
    public void Forget(ResourceType type, IReadOnlyList<string> names)
    {
        lock (_gate)
        {
            for (var i = 0; i < names.Count && _marks.Count > 0; i++)
            {
                _marks.Remove(new ResourceKey(type, names[i]));
            }
        }
    }

    /// <summary>The timestamp of the oldest mark, if one is of this type; null otherwise.</summary>
    public long? Since(ResourceType type)
    {
        lock (_gate)
        {
            return _marks.Any(mark => mark.Type == type) ? _since : null;
        }
    }

    /// <summary>Takes the marks, which stay as they are until the next call, and since when the oldest has waited. For one caller.</summary>
    public (HashSet<ResourceKey> Marks, TimeSpan Waited) Take()
    {
        lock (_gate)
        {
            // The set serves again, unless a burst has made it large.
            if (_taken.Count > 64)
            {
                _taken = [];
            }

            _taken.Clear();
            if (_marks.Count == 0)
            {
                return (_taken, TimeSpan.Zero);
            }

            (_taken, _marks) = (_marks, _taken);
            return (_taken, time.GetElapsedTime(_since));
        }
    }
}
