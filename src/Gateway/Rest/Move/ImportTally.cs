using Mesh.Api;
using Mesh.Contracts.Move;
using Mesh.Core;

namespace Mesh.Gateway.Rest.Move;

/// <summary>Keeps account of an import. Parts of it end in any order, on any thread.</summary>
internal sealed class ImportTally(RestLimits limits)
{
    private static readonly string[] Types = [ExportFormat.Policy, ExportFormat.Service, ExportFormat.Entry, ExportFormat.Endpoint];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int[]> _done = Types.ToDictionary(static type => type, static _ => new int[Enum.GetValues<MoveResult>().Length]);
    private readonly PriorityQueue<ImportLineView, long> _lines = new();
    private int _total;

    /// <summary>Whether anything was refused.</summary>
    public bool Refused { get; private set; }

    /// <summary>Notes what became of a line.</summary>
    public void Note(long line, string type, string name, Moved moved)
    {
        Count(type, moved.Result);
        Show(line, type, name, moved);
    }

    /// <summary>Counts a line.</summary>
    public void Count(string type, MoveResult result)
    {
        lock (_gate)
        {
            if (_done.TryGetValue(type, out var counts))
            {
                counts[(int)result]++;
            }

            Refused |= result == MoveResult.Refused;
        }
    }

    /// <summary>Shows what was not taken.</summary>
    public void Show(long line, string type, string name, Moved moved)
    {
        if (moved.Result is not (MoveResult.Refused or MoveResult.Skipped))
        {
            return;
        }

        lock (_gate)
        {
            Refused |= moved.Result == MoveResult.Refused;
            _total++;
            // The lowest line numbers are kept, whenever they come.
            _lines.Enqueue(View(line, type, name, moved), -line);
            if (_lines.Count > limits.ImportLinesShown)
            {
                _lines.Dequeue();
            }
        }
    }

    /// <summary>Notes a line of which nothing is known but that it is wrong.</summary>
    public void Refuse(long line, IEnumerable<Problem> problems) => Note(line, "", "", Moved.Refused([.. problems]));

    public ImportView View(bool ended, bool dryRun)
    {
        lock (_gate)
        {
            return new(
                ended && !Refused,
                dryRun,
                [.. Types.Select(type => new ImportCount(
                    type, _done[type][(int)MoveResult.Written], _done[type][(int)MoveResult.Equal], _done[type][(int)MoveResult.Skipped], _done[type][(int)MoveResult.Refused]))],
                [.. _lines.UnorderedItems.Select(static item => item.Element).OrderBy(static item => item.Line)],
                _total);
        }
    }

    private static ImportLineView View(long line, string type, string name, Moved moved) => new(
        line, type, name, moved.Result.ToString(),
        [.. moved.Problems.Take(10).Select(static problem => new MeshProblemItem(
            problem.Field, problem.Value is { Length: > 200 } value ? value[..200] : problem.Value, problem.Detail, problem.Remedy))]);
}
