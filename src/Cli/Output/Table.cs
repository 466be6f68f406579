namespace Mesh.Cli.Output;

/// <summary>How a cell is meant; a terminal shows it as a colour.</summary>
internal enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
    Faint,
}

/// <summary>One cell of a table.</summary>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string? text) => new(string.IsNullOrEmpty(text) ? "-" : text);

    public static implicit operator Cell(int number) => new(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>
/// Aligned columns with a header and nothing else, as kubectl prints them: <c>awk</c> and <c>grep</c> can use them, and a terminal can
/// scroll them. A library's boxes were tried; they cost 60 ms of start and read worse in a pipe.
/// </summary>
internal sealed class Table(params string[] headers)
{
    private const int Gap = 3;
    private readonly List<Cell[]> _rows = [];

    public int Count => _rows.Count;

    public void Add(params Cell[] cells)
    {
        if (cells.Length != headers.Length)
        {
            throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns", nameof(cells));
        }

        _rows.Add([.. cells.Select(cell => cell with { Text = Plain.Text(cell.Text) })]);
    }

    /// <summary>Writes it. On a terminal the last column is cut at the edge; in a pipe nothing is.</summary>
    public void WriteTo(Terminal terminal, string indent = "")
    {
        var widths = headers.Select((header, i) => Math.Max(header.Length, _rows.Count == 0 ? 0 : _rows.Max(row => row[i].Text.Length))).ToArray();
        WriteRow(terminal, widths, [.. headers.Select(header => new Cell(header, Tone.Faint))], indent);
        foreach (var row in _rows)
        {
            WriteRow(terminal, widths, row, indent);
        }
    }

    private static void WriteRow(Terminal terminal, int[] widths, Cell[] row, string indent)
    {
        terminal.Out.Write(indent);
        var used = indent.Length;
        for (var i = 0; i < row.Length; i++)
        {
            var last = i == row.Length - 1;
            var text = last ? Cut(row[i].Text, terminal.Width - used) : row[i].Text;
            terminal.Out.Write(Ansi.Paint(text, row[i].Tone, terminal.Colour));
            if (!last)
            {
                terminal.Out.Write(new string(' ', widths[i] - text.Length + Gap));
                used += widths[i] + Gap;
            }
        }

        terminal.Out.WriteLine();
    }

    private static string Cut(string text, int? room) =>
        room is { } width && width >= 8 && text.Length > width ? string.Concat(text.AsSpan(0, width - 1), "…") : text;
}
