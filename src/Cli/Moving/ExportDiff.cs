using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Output;

namespace Mesh.Cli.Moving;

/// <summary>One difference between two exports. Null where there is nothing.</summary>
internal sealed record Difference(string Type, string Name, string Field, string? First, string? Second);

/// <summary>
/// Compares two exports. Both are sorted in the same way, so they are laid side by side and read once, whatever their size. Headers say when and by whom they were written,
/// and are not compared.
/// </summary>
internal static class ExportDiff
{
    public static async IAsyncEnumerable<Difference> CompareAsync(string first, string second, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var a = Lines(first, cancel).GetAsyncEnumerator(cancel);
        await using var b = Lines(second, cancel).GetAsyncEnumerator(cancel);
        var (hasA, hasB) = (await a.MoveNextAsync(), await b.MoveNextAsync());
        while (hasA || hasB)
        {
            var order = !hasA ? 1 : !hasB ? -1 : a.Current.Place.CompareTo(b.Current.Place);
            if (order == 0)
            {
                foreach (var difference in a.Current.Bytes.Span.SequenceEqual(b.Current.Bytes.Span) ? [] : Fields(a.Current, b.Current))
                {
                    yield return difference;
                }
            }
            else
            {
                var only = order < 0 ? a.Current : b.Current;
                yield return new(only.Place.Type, only.Place.Name, "", order < 0 ? "is there" : null, order < 0 ? null : "is there");
            }

            hasA = order <= 0 ? await a.MoveNextAsync() : hasA;
            hasB = order >= 0 ? await b.MoveNextAsync() : hasB;
        }
    }

    private static async IAsyncEnumerable<Line> Lines(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var check = new ExportCheck(path);
        await using var file = ExportLines.Open(path);
        await foreach (var bytes in ExportLines.ReadAsync(file, path, cancel))
        {
            var type = check.Take(bytes);
            if (type is not (ExportFormat.Header or ExportFormat.Trailer))
            {
                var node = JsonNode.Parse(bytes.Span)!.AsObject();
                yield return new(Place.Of(type, node), bytes, node);
            }
        }

        check.End();
    }

    private static IEnumerable<Difference> Fields(Line a, Line b) =>
        Fields("", a.Node, b.Node).Select(found => new Difference(a.Place.Type, a.Place.Name, found.Field, Text(found.First), Text(found.Second)));

    private static IEnumerable<(string Field, JsonNode? First, JsonNode? Second)> Fields(string path, JsonNode? a, JsonNode? b)
    {
        if (a is not JsonObject one || b is not JsonObject other)
        {
            return JsonNode.DeepEquals(a, b) ? [] : [(path, a, b)];
        }

        return one.Select(static field => field.Key).Union(other.Select(static field => field.Key))
            .SelectMany(name => Fields(path.Length == 0 ? name : $"{path}.{name}", one[name], other[name]));
    }

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => Render.Line(node),
    };

    private sealed record Line(Place Place, ReadOnlyMemory<byte> Bytes, JsonObject Node);

    /// <summary>Where a line stands in the order of an export.</summary>
    private sealed record Place(string Type, string Name, int Part, string Namespace, string Service, int Rank, long Number, string Id) : IComparable<Place>
    {
        public static Place Of(string type, JsonObject node)
        {
            if (type == ExportFormat.Policy)
            {
                var name = $"{Of(node, "kind")}/{Of(node, "namespace")}/{Of(node, "name")}";
                return new(type, name, 0, "", "", 0, 0, name);
            }

            var service = Of(node, "service");
            var slash = service.IndexOf('/', StringComparison.Ordinal);
            var (ns, of) = slash < 0 ? ("", service) : (service[..slash], service[(slash + 1)..]);
            return type switch
            {
                ExportFormat.Entry when node["entry"]?["number"] is JsonValue value && value.TryGetValue(out long number) =>
                    new(type, $"{service}#{number}", 1, ns, of, 1, number, ""),
                ExportFormat.Endpoint => new(type, $"{service}/{EndpointId(node)}", 1, ns, of, 2, 0, EndpointId(node)),
                _ => new(type, service, 1, ns, of, 0, 0, ""),
            };
        }

        public int CompareTo(Place? other) => other is null ? 1
            : Part != other.Part ? Part.CompareTo(other.Part)
            : string.CompareOrdinal(Namespace, other.Namespace) is not 0 and var byNamespace ? byNamespace
            : string.CompareOrdinal(Service, other.Service) is not 0 and var byService ? byService
            : Rank != other.Rank ? Rank.CompareTo(other.Rank)
            : Number != other.Number ? Number.CompareTo(other.Number)
            : string.CompareOrdinal(Id, other.Id);

        private static string EndpointId(JsonObject node) => node["endpoint"]?["spec"] is JsonObject spec ? Of(spec, "id") : "";

        private static string Of(JsonObject node, string name) => node[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
    }
}
