namespace Mesh.Cli.Output;

/// <summary>What <c>describe</c> prints: one aligned <c>Name: value</c> per line, in titled blocks.</summary>
internal sealed class Fields
{
    private readonly List<(string Name, Cell Value)> _lines = [];

    public void Add(string name, Cell value) => _lines.Add((name, value));

    /// <summary>Leaves the line out when there is nothing to say.</summary>
    public void AddIfAny(string name, string? value, Tone tone = Tone.Plain)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _lines.Add((name, new Cell(value, tone)));
        }
    }

    public void WriteTo(Terminal terminal, string indent = "")
    {
        var width = _lines.Max(line => line.Name.Length) + 3;
        foreach (var (name, value) in _lines)
        {
            var label = $"{name}:".PadRight(width);
            terminal.Out.WriteLine($"{indent}{Ansi.Paint(label, Tone.Faint, terminal.Colour)}{Ansi.Paint(Plain.Text(value.Text), value.Tone, terminal.Colour)}");
        }
    }
}
