using System.Collections.Immutable;

namespace Mesh.Core.Policies.Documents;

/// <summary>All that is wrong with a document, in the order in which it was read, up to a bound: nobody reads more than that, and an answer must not outgrow its question.</summary>
internal sealed class ProblemList
{
    public const int Most = 100;

    private readonly List<Problem> _problems = [];
    private int _left;

    public bool IsEmpty => _problems.Count == 0;

    /// <summary>Further problems are only counted, so nobody need think of a remedy for them.</summary>
    public bool IsFull => _problems.Count == Most;

    public void Add(Node node, string detail, string remedy) => Add(IsFull ? "" : node.Path, IsFull ? null : node.Text, detail, remedy);

    public void Add(string path, string? value, string detail, string remedy)
    {
        if (IsFull)
        {
            _left++;
            return;
        }

        _problems.Add(new(ProblemKind.Invalid, path, value, detail, remedy));
    }

    public ImmutableArray<Problem> ToImmutable() => _left == 0
        ? [.. _problems]
        : [.. _problems, new(ProblemKind.Invalid, "", null, $"{_left} more problems are not listed.", "Mend the listed ones first.")];
}
