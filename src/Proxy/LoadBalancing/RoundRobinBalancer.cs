using System.Collections.Immutable;

namespace Mesh.Proxy.LoadBalancing;

/// <summary>Whose turn it is. It outlives the balancers that share it, so that a change of endpoints does not start over at the first.</summary>
public sealed class Turn(uint start = 0)
{
    private uint _next = start;

    /// <summary>This turn; the next call gets the next one.</summary>
    public uint Take() => Interlocked.Increment(ref _next) - 1;
}

/// <summary>
/// In turn, weighted: the static stride scheduler of gRPC's weighted round robin. Time is cut in rounds; in each, endpoint i is passed
/// by or served so that after r rounds it was served r * weight / heaviest times, within one. The whole state is one counter.
///
/// Rejected: nginx's smooth weighted round robin, which touches every endpoint on every pick under a lock, and a schedule laid out in
/// advance, whose length is the sum of the weights.
/// </summary>
public sealed class RoundRobinBalancer : LoadBalancer
{
    private const uint MaxWeight = ushort.MaxValue;
    private readonly ushort[] _weights;
    private readonly Turn _turn;

    /// <summary>Builds it for these candidates.</summary>
    public RoundRobinBalancer(ImmutableArray<Candidate> candidates, Turn turn)
    {
        _turn = turn;
        var heaviest = candidates.IsEmpty ? 1 : candidates.Max(c => c.Weight);
        _weights = [.. candidates.Select(c => (ushort)Math.Max(1, Math.Round((double)c.Weight * MaxWeight / heaviest)))];
    }

    /// <inheritdoc/>
    public override int Pick(Random random, ulong hash, int attempt)
    {
        if (_weights.Length == 0)
        {
            return -1;
        }

        // A retry takes no turn: with two endpoints, one of them bad, each retry would take the good one's and leave the bad one's to the
        // next request.
        while (attempt > 0)
        {
            var index = random.Next(_weights.Length);
            if (random.Next((int)MaxWeight) < _weights[index])
            {
                return index;
            }
        }

        while (true)
        {
            var turn = _turn.Take();
            var index = (int)(turn % _weights.Length);
            var round = turn / (uint)_weights.Length;
            ulong weight = _weights[index];

            // Half a stride apart, so that endpoints of equal weight are not passed by in the same round.
            ulong offset = MaxWeight / 2 * (uint)index;
            if ((weight * round + offset) % MaxWeight >= MaxWeight - weight)
            {
                return index;
            }
        }
    }
}
