using YamlDotNet.Serialization;

namespace Mesh.Deploy.Tests;

/// <summary>Reads YAML into dictionaries, lists and strings; a key that is there twice is an error.</summary>
internal static class Yaml
{
    public static IReadOnlyList<object?> Documents(string text)
    {
        var parser = new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(new StringReader(text)));
        parser.MoveNext();
        var deserializer = new DeserializerBuilder().WithDuplicateKeyChecking().Build();
        var documents = new List<object?>();
        while (parser.Current is YamlDotNet.Core.Events.StreamStart)
        {
            parser.MoveNext();
        }

        while (parser.Current is YamlDotNet.Core.Events.DocumentStart)
        {
            documents.Add(deserializer.Deserialize(parser));
        }

        return documents;
    }

    /// <summary>What stands at a path of keys and positions; null when there is nothing.</summary>
    public static object? At(object? node, params object[] path)
    {
        foreach (var step in path)
        {
            node = (node, step) switch
            {
                (IDictionary<object, object> map, string key) => map.TryGetValue(key, out var value) ? value : null,
                (IList<object> list, int index) => index < list.Count ? list[index] : null,
                _ => null,
            };
        }

        return node;
    }

    public static string Text(object? node, params object[] path) => At(node, path) as string ?? "";

    public static IReadOnlyList<object> List(object? node, params object[] path) => At(node, path) as IReadOnlyList<object> ?? [.. At(node, path) as IList<object> ?? []];

    /// <summary>Every pair of a key and a text, however deep.</summary>
    public static IEnumerable<(string Key, string Value)> Pairs(object? node) => node switch
    {
        IDictionary<object, object> map => map.SelectMany(static pair =>
            pair.Value is string text ? [((string)pair.Key, text)] : Pairs(pair.Value)),
        IList<object> list => list.SelectMany(Pairs),
        _ => [],
    };
}
