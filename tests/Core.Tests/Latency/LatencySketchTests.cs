using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Latency;
using Xunit;

namespace Mesh.Core.Tests.Latency;

public sealed class LatencySketchTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(500);

    // Microseconds to a minute, evenly over the powers of ten, which is how durations fall.
    private static readonly Arbitrary<double[]> Durations =
        Gen.Choose(0, 1000).Select(step => 6e-5 * Math.Pow(10, step * 6 / 1000.0)).NonEmptyListOf().Select(list => list.ToArray()).ToArbitrary();

    [Fact]
    public void A_quantile_is_within_nine_per_cent_of_the_exact_one() => Check.One(Runs, Prop.ForAll(Durations, durations =>
        new[] { 0.01, 0.5, 0.9, 0.99, 1 }.All(share =>
        {
            var exact = durations.Order().ElementAt(Math.Max(1, (int)Math.Ceiling(share * durations.Length)) - 1);
            return Math.Abs(LatencySketch.Of(durations).Quantile(share) / exact - 1) <= 0.0906;
        })));

    [Fact]
    public void Two_sketches_merge_into_that_of_all_durations() => Check.One(Runs, Prop.ForAll(Durations, Durations, (one, two) =>
    {
        var merged = LatencySketch.Of(one).Merge(LatencySketch.Of(two));
        var whole = LatencySketch.Of(one.Concat(two));
        return merged.Counts.SequenceEqual(whole.Counts) && merged.Count == whole.Count && Math.Abs(merged.SumSeconds - whole.SumSeconds) < 1e-9 * whole.SumSeconds;
    }));

    [Fact]
    public void A_duration_is_in_the_bucket_whose_bound_it_does_not_exceed() => Check.One(Runs, Prop.ForAll(Durations, durations => durations.All(seconds =>
    {
        var bucket = LatencySketch.BucketOf(seconds);
        return seconds <= LatencySketch.UpperBound(bucket) * (1 + 1e-9) && (bucket == 0 || seconds > LatencySketch.UpperBound(bucket - 1));
    })));

    [Fact]
    public void Every_bound_is_in_its_own_bucket() =>
        Assert.All(Enumerable.Range(0, LatencySketch.Buckets), bucket => Assert.Equal(bucket, LatencySketch.BucketOf(LatencySketch.UpperBound(bucket))));

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(0.00005, 0)]
    [InlineData(0.0000501, 1)]
    [InlineData(0.0001, 4)]
    [InlineData(0.1, 44)]
    [InlineData(1000, 84)]
    [InlineData(double.PositiveInfinity, 84)]
    public void What_lies_beyond_the_buckets_is_in_the_last_of_its_side(double seconds, int bucket) => Assert.Equal(bucket, LatencySketch.BucketOf(seconds));

    [Fact]
    public void A_quantile_of_the_first_bucket_is_its_bound_and_of_others_their_geometric_middle()
    {
        Assert.Equal(0.00005, LatencySketch.Of([0.00001]).Quantile(0.5));
        Assert.Equal(0.00005 * Math.Pow(2, 0.875), LatencySketch.Of([0.0001]).Quantile(0.5), 1e-12);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 1)]
    [InlineData(0.26, 2)]
    [InlineData(0.5, 2)]
    [InlineData(0.75, 3)]
    [InlineData(1, 4)]
    public void A_quantile_is_that_of_the_smallest_rank_that_covers_the_share(double share, int nth)
    {
        double[] durations = [0.001, 0.01, 0.1, 1];

        Assert.Equal(LatencySketch.Of([durations[nth - 1]]).Quantile(1), LatencySketch.Of(durations).Quantile(share));
    }

    [Fact]
    public void Nothing_has_no_mean_and_no_quantile_and_adds_nothing()
    {
        var some = LatencySketch.Of([0.25]);

        Assert.Equal((0, 0, 0), (LatencySketch.Empty.Count, LatencySketch.Empty.MeanSeconds, LatencySketch.Empty.Quantile(0.5)));
        Assert.Same(some, LatencySketch.Empty.Merge(some));
        Assert.Same(some, some.Merge(LatencySketch.Empty));
    }

    [Fact]
    public void As_json_it_is_its_buckets_and_their_sum()
    {
        var json = JsonSerializer.Serialize(new LatencySketch([new(3, 2), new(7, 1)], 0.5));

        Assert.Equal("""{"Counts":[{"Bucket":3,"Count":2},{"Bucket":7,"Count":1}],"SumSeconds":0.5}""", json);
        Assert.Equal(new LatencySketch([new(3, 2), new(7, 1)], 0.5), JsonSerializer.Deserialize<LatencySketch>(json));
        Assert.Equal(3, JsonSerializer.Deserialize<LatencySketch>(json)!.Count);
    }

    [Fact]
    public void The_mean_is_exact() => Assert.Equal(0.2, LatencySketch.Of([0.1, 0.3]).MeanSeconds, 1e-12);

    [Fact]
    public void Those_above_a_limit_are_counted_without_the_limits_own_bucket()
    {
        var sketch = LatencySketch.Of([0.01, 0.1, 0.1, 1, 2]);

        Assert.Equal((4, 2, 0), (sketch.CountAbove(0.01), sketch.CountAbove(0.1), sketch.CountAbove(2)));
    }

    [Fact]
    public void Sketches_are_equal_by_what_they_hold()
    {
        Assert.Equal(LatencySketch.Of([0.1, 0.2]), LatencySketch.Of([0.2, 0.1]));
        Assert.Equal(LatencySketch.Of([0.1, 0.2]).GetHashCode(), LatencySketch.Of([0.2, 0.1]).GetHashCode());
        Assert.NotEqual(LatencySketch.Of([0.1]), LatencySketch.Of([0.2]));
        Assert.NotEqual(new LatencySketch([new(3, 1)], 1), new LatencySketch([new(3, 1)], 2));
        Assert.NotEqual(new LatencySketch([new(3, 1)], 1), new LatencySketch([new(4, 1)], 1));
        Assert.False(LatencySketch.Empty.Equals(null));
    }
}
