using System.Globalization;
using System.Security;
using System.Text;

namespace Mesh.Bench.Verdicts;

/// <summary>Charts below each other as one SVG: lines or bars.</summary>
internal static class ChartSvg
{
    private const int Width = 900;
    private const int Height = 280;
    private const int Left = 70;
    private const int Right = 230;
    private const int Top = 46;
    private const int Bottom = 46;

    // Told apart by people who do not see colours alike (Okabe and Ito).
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

    public static string Draw(IReadOnlyList<Chart> charts)
    {
        var svg = new StringBuilder();
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Math.Max(1, charts.Count) * Height}" font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="13" role="img" aria-label="{Text(string.Join("; ", charts.Select(chart => chart.Title)))}">""");
        Add($"""<rect width="100%" height="100%" fill="#ffffff"/>""");
        for (var i = 0; i < charts.Count; i++)
        {
            Add($"""<g transform="translate(0 {i * Height})">""");
            Draw(charts[i]);
            Add($"</g>");
        }

        Add($"</svg>");
        return svg.ToString();

        void Draw(Chart chart)
        {
            var points = chart.Series.SelectMany(series => series.Points).ToList();
            var (from, to, most) = (points.Min(p => p.X), points.Max(p => p.X), Math.Max(1e-9, points.Max(p => p.Y)));
            Add($"""<text x="{Left}" y="26" font-weight="600" fill="#1f2328">{Text(chart.Title)}</text>""");
            foreach (var tick in Ticks(0, most))
            {
                Add($"""<line x1="{Left}" y1="{Y(tick)}" x2="{Width - Right}" y2="{Y(tick)}" stroke="#d0d7de"/>""");
                Add($"""<text x="{Left - 8}" y="{Y(tick) + 4}" text-anchor="end" fill="#59636e">{Number(tick)}</text>""");
            }

            foreach (var tick in chart.Categories.Count > 0 ? [] : Ticks(from, to))
            {
                Add($"""<text x="{X(tick)}" y="{Height - Bottom + 18}" text-anchor="middle" fill="#59636e">{Number(tick)}</text>""");
            }

            for (var i = 0; i < chart.Categories.Count; i++)
            {
                Add($"""<text x="{Math.Round(Left + ((i + 0.5) * Slot()), 1)}" y="{Height - Bottom + 18}" text-anchor="middle" fill="#59636e">{Text(chart.Categories[i])}</text>""");
            }

            Add($"""<text x="{(Left + Width - Right) / 2}" y="{Height - 8}" text-anchor="middle" fill="#59636e">{Text(chart.X)}; upwards: {Text(chart.Y)}</text>""");
            for (var i = 0; i < chart.Series.Count; i++)
            {
                var (series, colour) = (chart.Series[i], Colours[i % Colours.Length]);
                Add($"""<rect x="{Width - Right + 14}" y="{Top + i * 22}" width="12" height="12" fill="{colour}"/>""");
                Add($"""<text x="{Width - Right + 32}" y="{Top + i * 22 + 11}" fill="#1f2328">{Text(series.Name)}</text>""");
                if (chart.Categories.Count > 0)
                {
                    Bars(series, i, colour);
                    continue;
                }

                var path = new StringBuilder();
                var last = 0.0;
                foreach (var (x, y) in series.Points)
                {
                    FormattableString step = path.Length == 0 ? $"M{X(x)} {Y(y)}" : (FormattableString)$" L{X(x)} {Y(last)} L{X(x)} {Y(y)}";
                    path.Append(step.ToString(CultureInfo.InvariantCulture));
                    last = y;
                }

                Add($"""<path d="{path.ToString()} L{X(to)} {Y(last)}" fill="none" stroke="{colour}" stroke-width="2"/>""");
            }

            void Bars(Series series, int index, string colour)
            {
                var bar = Slot() * 0.8 / chart.Series.Count;
                foreach (var (x, y) in series.Points)
                {
                    var left = Left + (x * Slot()) + (Slot() * 0.1) + (index * bar);
                    Add($"""<rect x="{Math.Round(left, 1)}" y="{Y(y)}" width="{Math.Round(bar * 0.92, 1)}" height="{Math.Round(Height - Bottom - Y(y), 1)}" fill="{colour}"/>""");
                    Add($"""<text x="{Math.Round(left + (bar * 0.46), 1)}" y="{Y(y) - 4}" text-anchor="middle" font-size="11" fill="#1f2328">{Number(y)}</text>""");
                }
            }

            double Slot() => (double)(Width - Left - Right) / chart.Categories.Count;

            double X(double x) => Math.Round(Left + (to > from ? (x - from) / (to - from) : 0) * (Width - Left - Right), 1);

            double Y(double y) => Math.Round(Height - Bottom - y / most * (Height - Top - Bottom), 1);
        }

        void Add(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>Some four to eight round numbers between two.</summary>
    private static IEnumerable<double> Ticks(double from, double to)
    {
        var rough = Math.Max(1e-9, to - from) / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
        for (var tick = Math.Ceiling(from / step) * step; tick <= to + (step / 1e6); tick += step)
        {
            yield return tick;
        }
    }

    private static string Text(string text) => SecurityElement.Escape(text);

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
