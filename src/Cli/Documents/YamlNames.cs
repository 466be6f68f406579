using YamlDotNet.Core.Events;

namespace Mesh.Cli.Documents;

/// <summary>Picks kind, metadata.name and metadata.namespace out of a document's events, without building the document.</summary>
internal sealed class YamlNames
{
    private readonly Stack<Level> _levels = new();

    public string? Kind { get; private set; }

    public string? Name { get; private set; }

    public string? Namespace { get; private set; }

    /// <summary>Whether the document has no content at all, as after a trailing <c>---</c>.</summary>
    public bool Empty { get; private set; } = true;

    public void See(ParsingEvent step)
    {
        switch (step)
        {
            case MappingStart:
                Empty = false;
                _levels.Push(new Level(IsMapping: true));
                break;
            case SequenceStart:
                Empty = false;
                _levels.Push(new Level(IsMapping: false));
                break;
            case MappingEnd or SequenceEnd:
                _levels.Pop();
                EndValue();
                break;
            case Scalar scalar:
                See(scalar.Value);
                break;
            case AnchorAlias:
                Empty = false;
                EndValue();
                break;
            default:
                break;
        }
    }

    private void See(string text)
    {
        if (text.Length > 0)
        {
            Empty = false;
        }

        if (_levels.TryPeek(out var level) && level is { IsMapping: true, Key: null })
        {
            level.Key = text;
            return;
        }

        if (level is { IsMapping: true })
        {
            Keep(level.Key!, text);
        }

        EndValue();
    }

    private void Keep(string key, string text)
    {
        if (_levels.Count == 1 && key == "kind")
        {
            Kind = text;
        }
        else if (_levels.Count == 2 && _levels.Last() is { Key: "metadata" })
        {
            Name = key == "name" ? text : Name;
            Namespace = key == "namespace" ? text : Namespace;
        }
    }

    private void EndValue()
    {
        // A mapping or a sequence as a key ends here too; it then counts as the key, which names nothing.
        if (_levels.TryPeek(out var level) && level.IsMapping)
        {
            level.Key = level.Key is null ? "" : null;
        }
    }

    private sealed record Level(bool IsMapping)
    {
        public string? Key { get; set; }
    }
}
