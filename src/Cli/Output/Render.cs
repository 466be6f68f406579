using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Cli.Output;

/// <summary>Writes answers whole, as JSON or YAML.</summary>
internal static class Render
{
    // Relaxed: the output is for a terminal or a parser, never for a web page; control characters are escaped all the same.
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(TextWriter output, JsonNode? node, OutputFormat format)
    {
        if (format == OutputFormat.Yaml)
        {
            output.Write(Yaml.Of(node));
        }
        else
        {
            output.WriteLine(node?.ToJsonString(Indented) ?? "null");
        }
    }

    public static string Line(JsonNode? node) => node?.ToJsonString(OneLine) ?? "null";
}
