using System.Globalization;

namespace Mesh.Bench.Verdicts;

/// <summary>A point's outcome for people.</summary>
internal static class VerdictText
{
    public static void Write(TextWriter output, IVerdictPoint point, VerdictOutcome outcome, TimeSpan took)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{point.Number}. {point.Title}   ({took.TotalSeconds:0.0} s)"));
        var (names, figures) = (Width(outcome.Rows.Select(row => row.Name)), Width(outcome.Rows.Select(row => row.Figure)));
        foreach (var row in outcome.Rows)
        {
            var mark = row.Met switch { true => "met    ", false => "NOT MET", null => "       " };
            output.WriteLine($"   {mark}  {row.Name.PadRight(names)}  {row.Figure.PadRight(figures)}  {row.Requirement}".TrimEnd());
        }

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

    private static int Width(IEnumerable<string> texts) => texts.Select(text => text.Length).DefaultIfEmpty(0).Max();
}
