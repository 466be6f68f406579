using System.Collections.Immutable;

namespace Mesh.Proxy.LoadBalancing;

/// <summary>
/// Walker's and Vose's alias method: a weighted pick in constant time. Each column holds one endpoint up to its share of an even
/// height, and one other endpoint above it.
/// </summary>
public sealed class AliasTable
{
    private readonly double[] _threshold;
    private readonly int[] _alias;

    /// <summary>Builds the table, in time linear in the number of candidates.</summary>
    public AliasTable(ImmutableArray<Candidate> candidates)
    {
        var n = candidates.Length;
        _threshold = new double[n];
        _alias = new int[n];
        var total = candidates.Sum(c => (double)c.Weight);
        var small = new Stack<int>(n);
        var large = new Stack<int>(n);
        for (var i = 0; i < n; i++)
        {
            _threshold[i] = candidates[i].Weight * n / total;
            _alias[i] = i;
            (_threshold[i] < 1 ? small : large).Push(i);
        }

        while (small.Count > 0 && large.Count > 0)
        {
            var low = small.Pop();
            var high = large.Peek();
            _alias[low] = high;
            _threshold[high] -= 1 - _threshold[low];
            if (_threshold[high] < 1)
            {
                small.Push(large.Pop());
            }
        }

        // What is left over on either side is full but for rounding.
        foreach (var rest in small.Concat(large))
        {
            _threshold[rest] = 1;
        }
    }

    /// <summary>An index, as often as its weight says; -1 when the table is empty.</summary>
    public int Pick(Random random)
    {
        if (_threshold.Length == 0)
        {
            return -1;
        }

        // One roll serves both: its whole part is the column, its fraction the height in it.
        var roll = random.NextDouble() * _threshold.Length;
        var column = (int)roll;
        return roll - column < _threshold[column] ? column : _alias[column];
    }
}
