namespace Mesh.Core.Verdicts.Statistics;

/// <summary>Logarithms of factorials.</summary>
internal static class LogGamma
{
    private const int Tabled = 128;

    private static readonly double[] Table = Sums();

    /// <summary>
    /// ln(n!) of a whole number that is not negative: from a table up to 127, from there by Stirling's series with two terms of correction, whose error is below 1e-14.
    /// </summary>
    public static double OfFactorial(double n) => n < Tabled
        ? Table[(int)n]
        : (n + 0.5) * Math.Log(n) - n + 0.5 * Math.Log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n * n * n);

    private static double[] Sums()
    {
        var sums = new double[Tabled];
        for (var i = 2; i < Tabled; i++)
        {
            sums[i] = sums[i - 1] + Math.Log(i);
        }

        return sums;
    }
}
