using System.Numerics;

namespace Mesh.Simulation.Engine;

/// <summary>
/// Chance out of a seed: xoshiro256** by Blackman and Vigna, seeded by SplitMix64. Its own, because the sequence of <see cref="Random"/> is
/// promised only within one version of .NET, and a seed on record should replay for as long as the code is there.
/// </summary>
public sealed class Dice : Random
{
    private readonly ulong _seed;
    private ulong _a, _b, _c, _d;

    public Dice(ulong seed)
    {
        _seed = seed;
        (_a, _b, _c, _d) = (Split(ref seed), Split(ref seed), Split(ref seed), Split(ref seed));
    }

    /// <summary>
    /// A die of its own for a part of the world, by name: so that one more roll in one part does not change the luck of all others, and a
    /// failing seed stays comparable while the simulation grows.
    /// </summary>
    public Dice For(string part)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in part)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return new Dice(_seed ^ hash);
    }

    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>A time between two, evenly.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + (most - least) * NextDouble();

    /// <summary>The time to the next of events that come independently, so long after each other in the mean.</summary>
    public TimeSpan Exponential(TimeSpan mean) => mean * -Math.Log(1 - NextDouble());

    /// <summary>One of several.</summary>
    public T OneOf<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    public override double NextDouble() => (Roll() >> 11) * (1.0 / (1UL << 53));

    public override int Next(int maxValue) => (int)Math.BigMul(Roll(), (ulong)maxValue, out _);

    public override int Next(int minValue, int maxValue) => minValue + Next(maxValue - minValue);

    public override int Next() => Next(int.MaxValue);

    public override long NextInt64() => (long)(Roll() >> 2);

    public override long NextInt64(long maxValue) => (long)Math.BigMul(Roll(), (ulong)maxValue, out _);

    public override long NextInt64(long minValue, long maxValue) => minValue + NextInt64(maxValue - minValue);

    protected override double Sample() => NextDouble();

    private ulong Roll()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    private static ulong Split(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
