using System.Globalization;

namespace Mesh.Simulation.Engine;

/// <summary>The last things that happened, for whoever has to understand a failure.</summary>
public sealed class Journal(Simulator simulator, int capacity = 60)
{
    private readonly Queue<string> _lines = new(capacity);

    /// <summary>Where every line goes as it is written; null for nowhere.</summary>
    public Action<string>? Echo { get; set; }

    public IReadOnlyCollection<string> Lines => _lines;

    public void Note(string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{simulator.Elapsed.TotalSeconds,10:0.000} s  {what}");
        if (_lines.Count == capacity)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue(line);
        Echo?.Invoke(line);
    }
}
