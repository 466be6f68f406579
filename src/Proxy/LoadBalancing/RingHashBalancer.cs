using System.Collections.Immutable;

namespace Mesh.Proxy.LoadBalancing;

/// <summary>
/// Consistent hashing on a ring (ketama), laid out as Envoy lays it out: each endpoint stands on the ring in proportion to its weight,
/// under the names <c>address_0</c>, <c>address_1</c> and so on. When an endpoint leaves, only what was its own moves.
/// </summary>
public sealed class RingHashBalancer : LoadBalancer
{
    /// <summary>No ring is larger, whatever a cluster asks for: 12 MB, since this runs beside somebody's workload.</summary>
    public const int Largest = 1 << 20;

    private readonly ulong[] _hashes;
    private readonly int[] _owners;

    /// <summary>Lays out the ring.</summary>
    /// <param name="candidates">Who stands on it.</param>
    /// <param name="minimumSize">The smallest ring; Envoy's default is 1024.</param>
    /// <param name="maximumSize">The largest; when the lightest endpoint needs more to stand on it at all, it may be left out.</param>
    public RingHashBalancer(ImmutableArray<Candidate> candidates, int minimumSize = 1024, int maximumSize = Largest)
    {
        if (candidates.IsEmpty)
        {
            (_hashes, _owners) = ([], []);
            return;
        }

        var total = candidates.Sum(c => (double)c.Weight);
        var lightest = candidates.Min(c => c.Weight) / total;

        // As many places for the lightest as make the ring no smaller than the minimum, and a whole number of them.
        var scale = Math.Min(Math.Ceiling(lightest * minimumSize) / lightest, Math.Min(maximumSize, Largest));
        var hashes = new List<ulong>((int)Math.Ceiling(scale) + 1);
        var owners = new List<int>(hashes.Capacity);
        double current = 0, target = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            target += scale * candidates[i].Weight / total;
            for (var place = 0; current < target; place++, current++)
            {
                hashes.Add(XxHash64.Of($"{candidates[i].Key}_{place}"));
                owners.Add(i);
            }
        }

        _hashes = [.. hashes];
        _owners = [.. owners];
        Array.Sort(_hashes, _owners);
    }

    /// <summary>How many places the ring has.</summary>
    public int Size => _hashes.Length;

    /// <inheritdoc/>
    public override int Pick(Random random, ulong hash, int attempt)
    {
        if (_hashes.Length == 0)
        {
            return -1;
        }

        var place = Array.BinarySearch(_hashes, hash);
        place = place < 0 ? ~place : place;
        var owner = _owners[place % _hashes.Length];

        // A retry walks on along the ring to the next endpoint, so that it, too, is the same one each time.
        for (var walked = 1; attempt > 0 && walked < _hashes.Length; walked++)
        {
            var next = _owners[(place + walked) % _hashes.Length];
            if (next != owner)
            {
                owner = next;
                attempt--;
            }
        }

        return owner;
    }
}
