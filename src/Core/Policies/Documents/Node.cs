using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>A place in a document: its path, and what stands there.</summary>
internal readonly record struct Node(string Path, JsonElement Element)
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

    public Node Field(string name, JsonElement value) => new(Join(Path, name), value);

    public Node Item(int index, JsonElement value) => new($"{Path}[{index}]", value);

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
