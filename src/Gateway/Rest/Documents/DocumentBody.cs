using System.Text;
using Mesh.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Mesh.Gateway.Rest.Documents;

/// <summary>Reads a document that may be YAML or JSON.</summary>
internal static class DocumentBody
{
    /// <summary>The document as JSON text, or the refusal.</summary>
    public static async Task<(string? Json, IResult? Refusal)> Read(HttpContext http, RestLimits limits)
    {
        if (Format(http.Request.ContentType) is not { } format)
        {
            return (null, Answers.Refused(
                StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "The body's Content-Type is neither JSON's nor YAML's.",
                "Send application/json or application/yaml.", "Content-Type", http.Request.ContentType));
        }

        var (bytes, refusal) = await Bodies.Read(http, limits.PolicyBytes);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        if (format == BodyFormat.Json || (format == BodyFormat.Look && LooksLikeJson(bytes.Span)))
        {
            var parsed = JsonBody.Parse(bytes, limits);
            return parsed.Ok ? (parsed.Value.Value.GetRawText(), null) : (null, Answers.Refused(parsed.Problems));
        }

        var converted = YamlBody.ToJson(bytes, limits);
        return converted.Ok ? (Encoding.UTF8.GetString(converted.Value), null) : (null, Answers.Refused(converted.Problems));
    }

    /// <summary>By the Content-Type; null when it is of another world. curl's default says nothing about the content, so that one is looked into.</summary>
    public static BodyFormat? Format(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType))
        {
            return BodyFormat.Look;
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out var media))
        {
            return null;
        }

        return media.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/json" => BodyFormat.Json,
            "application/yaml" or "application/x-yaml" or "text/yaml" or "text/x-yaml" => BodyFormat.Yaml,
            "text/plain" or "application/octet-stream" or "application/x-www-form-urlencoded" => BodyFormat.Look,
            _ => null,
        };
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> utf8) => utf8.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];
}

/// <summary>What a body is written in.</summary>
internal enum BodyFormat
{
    /// <summary>JSON.</summary>
    Json,

    /// <summary>YAML.</summary>
    Yaml,

    /// <summary>Nobody said; its first character tells.</summary>
    Look,
}
