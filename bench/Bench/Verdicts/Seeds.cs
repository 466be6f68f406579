using System.Globalization;

namespace Mesh.Bench.Verdicts;

/// <summary>The same experiment under many seeds.</summary>
internal static class Seeds
{
    /// <summary>Results in the order of the seeds; as many run at a time as there are cores.</summary>
    public static TResult[] Each<TResult>(ulong first, int count, Func<ulong, TResult> run)
    {
        var results = new TResult[count];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i => results[i] = run(first + (ulong)i));
        return results;
    }

    /// <summary>Median, and from the least to the most.</summary>
    public static string Of(IEnumerable<double> values, string unit = "", string format = "0.##")
    {
        var spread = Spread.Of(values);
        return spread.Count == 0 ? "none" : $"{Text(spread.Median)}{unit} ({Text(spread.Min)} to {Text(spread.Max)}{unit})";

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
