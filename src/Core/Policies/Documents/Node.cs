using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>A place in a document, as a chain up to the root. Its path is made only for a message: a large document has very many places.</summary>
internal sealed record Place(Place? Parent, string Name, int Index)
{
    public string Path => Parent is null ? "" : Index >= 0 ? $"{Parent.Path}[{Index}]" : Node.Join(Parent.Path, Name);
}

/// <summary>A place in a document, and what stands there.</summary>
internal readonly record struct Node(Place Place, JsonElement Element)
{
    private const int LongestValue = 200;
    private const int LongestName = 64;

    /// <summary>What stands there, as the author wrote it, for a message.</summary>
    public string Text => Element.ValueKind switch
    {
        JsonValueKind.Undefined => "",
        JsonValueKind.String => Shorten(Element.GetString()!, LongestValue),
        _ => Shorten(Element.GetRawText(), LongestValue),
    };

    /// <summary>As in <c>spec.subsets[0].name</c>; empty for the root.</summary>
    public string Path => Place.Path;

    public static Node Root(JsonElement element) => new(new Place(null, "", -1), element);

    public Node Field(string name, JsonElement value) => new(new Place(Place, name, -1), value);

    public Node Item(int index, JsonElement value) => new(new Place(Place, "", index), value);

    public static string Join(string path, string name) =>
        !IsPlain(name) ? $"{path}[\"{Shorten(name, LongestName)}\"]" : path.Length == 0 ? name : $"{path}.{name}";

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static string Shorten(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        // Not between the two halves of a character beyond the BMP: half of one is no text.
        var cut = length - 1;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[cut - 1]) ? cut - 1 : cut), "…");
    }
}
