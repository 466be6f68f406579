using System.Globalization;

namespace Mesh.Bench.Verdicts;

/// <summary>A point's outcome for people.</summary>
internal static class VerdictText
{
    public static void Write(TextWriter output, IVerdictPoint point, VerdictOutcome outcome, TimeSpan took)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{point.Number}. {point.Title}   ({took.TotalSeconds:0.0} s)"));
        Write(output, outcome.Rows);
        foreach (var chart in outcome.Charts)
        {
            output.WriteLine();
            ChartText.Write(output, chart);
        }

        foreach (var note in outcome.Notes)
        {
            output.WriteLine($"   {note}");
        }

        output.WriteLine();
    }

    /// <summary>Figures beside what they have to be.</summary>
    public static void Write(TextWriter output, IReadOnlyList<VerdictRow> rows)
    {
        var (names, figures) = (Width(rows.Select(row => row.Name)), Width(rows.Select(row => row.Figure)));
        foreach (var row in rows)
        {
            var mark = row.Met switch { true => "met    ", false => "NOT MET", null => "       " };
            output.WriteLine($"   {mark}  {row.Name.PadRight(names)}  {row.Figure.PadRight(figures)}  {row.Requirement}".TrimEnd());
        }
    }

    private static int Width(IEnumerable<string> texts) => texts.Select(text => text.Length).DefaultIfEmpty(0).Max();
}
