using System.Globalization;

namespace Mesh.Bench.Verdicts;

/// <summary>A chart in plain text: for each series one line of blocks, as high as its values, over the same axis.</summary>
internal static class ChartText
{
    private const int Columns = 60;
    private const string Blocks = " ▁▂▃▄▅▆▇█";

    public static void Write(TextWriter output, Chart chart)
    {
        var points = chart.Series.SelectMany(series => series.Points).ToList();
        if (points.Count == 0)
        {
            return;
        }

        var (left, right, top) = (points.Min(p => p.X), points.Max(p => p.X), Math.Max(1e-9, points.Max(p => p.Y)));
        var width = chart.Series.Max(series => series.Name.Length);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"   {chart.Title}; {chart.Y}, highest {top:0.##}"));
        foreach (var series in chart.Series)
        {
            var line = string.Concat(Enumerable.Range(0, Columns).Select(column => Block(series, left + (right - left) * (column + 1) / Columns, top)));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"   {series.Name.PadRight(width)} |{line}| {At(series, right):0.##}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"   {new string(' ', width)}  {left:0.##} to {right:0.##} {chart.X}"));
    }

    /// <summary>What a series is at a time: it stays level until its next point.</summary>
    public static double At(Series series, double x) => series.Points.LastOrDefault(point => point.X <= x).Y;

    private static char Block(Series series, double x, double top) =>
        Blocks[Math.Clamp((int)Math.Ceiling(At(series, x) / top * (Blocks.Length - 1)), 0, Blocks.Length - 1)];
}
