using System.Globalization;

namespace Mesh.Bench;

/// <summary>What a series of measurements looked like: never a mean alone. Quantiles by nearest rank.</summary>
internal sealed record Spread(int Count, double Min, double Median, double P99, double Max)
{
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0
            ? new Spread(0, double.NaN, double.NaN, double.NaN, double.NaN)
            : new Spread(sorted.Length, sorted[0], Rank(sorted, 0.5), Rank(sorted, 0.99), sorted[^1]);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Min,9:0.00} {Median,9:0.00} {P99,9:0.00} {Max,9:0.00}");

    private static double Rank(double[] sorted, double quantile) =>
        sorted[Math.Clamp((int)Math.Ceiling(quantile * sorted.Length) - 1, 0, sorted.Length - 1)];
}
