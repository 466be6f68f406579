using System.Globalization;
using System.Net;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mesh.Demo.Screen;

/// <summary>Draws what a terminal would show as SVG text, for a README: sharp at any size, and a few kilobytes.</summary>
internal static class SvgScreen
{
    private const int Columns = 118;
    private const double CharWidth = 8.4;
    private const double LineHeight = 18;
    private const int Margin = 18;
    private const string Ground = "#0d1117";
    private const string Ink = "#d5dbe2";

    public static string Draw(IRenderable picture)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.TrueColor,
            Out = new AnsiConsoleOutput(TextWriter.Null),
        });
        console.Profile.Width = Columns;
        console.Profile.Capabilities.Unicode = true;
        var lines = Segment.SplitLines(picture.Render(RenderOptions.Create(console, console.Profile.Capabilities), Columns));
        var svg = new StringBuilder();
        var (width, height) = ((Columns * CharWidth) + (2 * Margin), (lines.Count * LineHeight) + (2 * Margin));
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0} {height:0}\" role=\"img\" aria-label=\"The demo in a terminal\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{Ground}\"/>");
        svg.AppendLine("<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">");
        for (var i = 0; i < lines.Count; i++)
        {
            Line(svg, lines[i], Margin + ((i + 0.75) * LineHeight));
        }

        return svg.AppendLine("</g>").AppendLine("</svg>").ToString();
    }

    private static void Line(StringBuilder svg, IEnumerable<Segment> segments, double y)
    {
        var column = 0;
        foreach (var (text, style) in Runs(segments))
        {
            var shown = text.TrimEnd();
            if (shown.Length > 0)
            {
                // Each run is put at its column and stretched to it, so that frames meet whatever the font.
                var (x, length) = (Margin + (column * CharWidth), shown.Length * CharWidth);
                var weight = style.Decoration.HasFlag(Decoration.Bold) ? " font-weight=\"bold\"" : "";
                svg.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" textLength=\"{length:0.#}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{Paint(style)}\"{weight} xml:space=\"preserve\">{WebUtility.HtmlEncode(shown)}</text>");
            }

            column += text.Length;
        }
    }

    /// <summary>Words of one style that follow each other, as one; the library hands out word by word.</summary>
    private static List<(string Text, Style Style)> Runs(IEnumerable<Segment> segments)
    {
        var runs = new List<(string Text, Style Style)>();
        foreach (var segment in segments.Where(segment => !segment.IsControlCode))
        {
            if (runs.Count > 0 && (runs[^1].Style.Equals(segment.Style) || string.IsNullOrWhiteSpace(segment.Text)))
            {
                runs[^1] = (runs[^1].Text + segment.Text, runs[^1].Style);
            }
            else
            {
                runs.Add((segment.Text, segment.Style));
            }
        }

        return runs;
    }

    private static string Paint(Style style) => style.Foreground switch
    {
        var colour when colour == Color.Default => Ink,
        var colour when colour == Color.Green => "#3fb950",
        var colour when colour == Color.Red => "#f85149",
        var colour when colour == Color.Yellow => "#d29922",
        var colour when colour == Color.Grey => "#7d8590",
        var colour => $"#{colour.ToHex()}",
    };
}
