namespace Mesh.Core.Policies.Documents;

/// <summary>The fields of an object that are there, read one by one; what is wrong with one is reported, and its default stands in for it.</summary>
internal readonly struct FoundFields(IReadOnlyDictionary<string, Node> fields, ProblemList problems)
{
    public bool Has(string name) => fields.ContainsKey(name);

    public Node? Find(string name) => fields.TryGetValue(name, out var node) ? node : null;

    public int Whole(string name, int least, int most, int unset) =>
        fields.TryGetValue(name, out var node) && node.Whole(least, most, problems) is { } number ? number : unset;

    public int Percent(string name, int unset) => Whole(name, 0, 100, unset);

    public TimeSpan Time(string name, TimeSpan least, TimeSpan most, TimeSpan unset) =>
        fields.TryGetValue(name, out var node) && node.Duration(least, most, problems) is { } duration ? duration : unset;

    public bool Flag(string name, bool unset) => fields.TryGetValue(name, out var node) && node.Flag(problems) is { } flag ? flag : unset;

    /// <summary>Refuses a field if it is there.</summary>
    public void Refuse(string name, string detail, string remedy)
    {
        if (fields.TryGetValue(name, out var node))
        {
            problems.Add(node, detail, remedy);
        }
    }

    /// <summary>Of fields that exclude each other, the first that is there; the others are refused.</summary>
    public string? OneOf(string[] names)
    {
        string? first = null;
        foreach (var name in names)
        {
            if (first is not null)
            {
                Refuse(name, $"{name} and {first} exclude each other.", "Keep one of the two.");
            }
            else if (Has(name))
            {
                first = name;
            }
        }

        return first;
    }
}
