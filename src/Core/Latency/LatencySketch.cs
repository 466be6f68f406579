using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Mesh.Core.Latency;

/// <summary>
/// How long requests took, as counts in buckets whose bounds grow by the same factor: any quantile is right to within 9 %, two sketches
/// merge by adding up, and the size does not depend on the number of requests.
/// <para>
/// The idea is that of DDSketch (Masson, Rim, Lee, 2019), with one fixed accuracy so that sketches of different senders always merge.
/// Rejected: t-digest (merging depends on the order) and a few fixed bounds as in Prometheus (a quantile is then off by a factor of two).
/// </para>
/// </summary>
public sealed record LatencySketch
{
    /// <summary>How many buckets there are: from 50 microseconds to about 110 seconds. Those at the ends take what lies beyond.</summary>
    public const int Buckets = 85;

    private const double Smallest = 0.00005;

    private static readonly double[] Bounds = [.. Enumerable.Range(0, Buckets).Select(i => Smallest * Math.Pow(2, i / 4.0))];

    /// <summary>No requests.</summary>
    public static LatencySketch Empty { get; } = new([], 0);

    /// <summary>A sketch of given counts.</summary>
    /// <param name="counts">Counts by bucket, ordered by bucket, none of them 0.</param>
    /// <param name="sumSeconds">All durations together.</param>
    public LatencySketch(ImmutableArray<LatencyBucket> counts, double sumSeconds)
    {
        Counts = counts;
        SumSeconds = sumSeconds;
        Count = counts.Sum(bucket => bucket.Count);
    }

    /// <summary>Counts by bucket, ordered, without empty ones.</summary>
    public ImmutableArray<LatencyBucket> Counts { get; }

    /// <summary>All durations together, in seconds.</summary>
    public double SumSeconds { get; }

    /// <summary>How many requests.</summary>
    [JsonIgnore]
    public long Count { get; }

    /// <summary>The mean in seconds; 0 without requests.</summary>
    [JsonIgnore]
    public double MeanSeconds => Count == 0 ? 0 : SumSeconds / Count;

    /// <summary>The bucket of a duration.</summary>
    public static int BucketOf(double seconds) =>
        seconds <= Smallest || double.IsNaN(seconds) ? 0 : (int)Math.Min(Buckets - 1, Math.Ceiling(Math.Log2(seconds / Smallest) * 4 - 1e-9));

    /// <summary>The upper bound of a bucket, in seconds, inclusive.</summary>
    public static double UpperBound(int bucket) => Bounds[bucket];

    /// <summary>The sketch of a few durations.</summary>
    public static LatencySketch Of(IEnumerable<double> seconds)
    {
        var counts = new SortedDictionary<int, long>();
        var sum = 0.0;
        foreach (var one in seconds)
        {
            counts[BucketOf(one)] = counts.GetValueOrDefault(BucketOf(one)) + 1;
            sum += one;
        }

        return new([.. counts.Select(bucket => new LatencyBucket(bucket.Key, bucket.Value))], sum);
    }

    /// <summary>Both together.</summary>
    public LatencySketch Merge(LatencySketch other)
    {
        if (Count == 0 || other.Count == 0)
        {
            return Count == 0 ? other : this;
        }

        var merged = ImmutableArray.CreateBuilder<LatencyBucket>(Counts.Length + other.Counts.Length);
        var (i, j) = (0, 0);
        while (i < Counts.Length || j < other.Counts.Length)
        {
            var left = i < Counts.Length ? Counts[i].Bucket : Buckets;
            var right = j < other.Counts.Length ? other.Counts[j].Bucket : Buckets;
            var count = (left <= right ? Counts[i++].Count : 0) + (right <= left ? other.Counts[j++].Count : 0);
            merged.Add(new(Math.Min(left, right), count));
        }

        return new(merged.DrainToImmutable(), SumSeconds + other.SumSeconds);
    }

    /// <summary>The duration in seconds that the given share of requests did not exceed, to within 9 %; 0 without requests.</summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        foreach (var bucket in Counts)
        {
            seen += bucket.Count;
            if (seen >= rank)
            {
                return Middle(bucket.Bucket);
            }
        }

        return 0;
    }

    /// <summary>How many requests took longer than so many seconds, to the accuracy of a bucket, counted low.</summary>
    public long CountAbove(double seconds) => Counts.Where(bucket => bucket.Bucket > BucketOf(seconds)).Sum(bucket => bucket.Count);

    /// <summary>By content.</summary>
    public bool Equals(LatencySketch? other) => other is not null && SumSeconds.Equals(other.SumSeconds) && Counts.SequenceEqual(other.Counts);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, SumSeconds);

    // The geometric middle, so that the error is the same both ways.
    private static double Middle(int bucket) => bucket == 0 ? Bounds[0] : Math.Sqrt(Bounds[bucket - 1] * Bounds[bucket]);
}

/// <summary>One bucket's count.</summary>
/// <param name="Bucket">0 to <see cref="LatencySketch.Buckets"/> - 1.</param>
/// <param name="Count">At least 1.</param>
public readonly record struct LatencyBucket(int Bucket, long Count);
