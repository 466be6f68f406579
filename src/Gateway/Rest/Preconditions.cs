using System.Globalization;
using Mesh.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Mesh.Gateway.Rest;

/// <summary>What If-Match and If-None-Match ask for.</summary>
/// <param name="Version">The version that must be current: 0 for "must not exist"; null for any.</param>
/// <param name="MustExist">If-Match: *, any version but none.</param>
internal readonly record struct Preconditions(long? Version, bool MustExist)
{
    public static string ETag(long version) => $"\"{version.ToString(CultureInfo.InvariantCulture)}\"";

    /// <summary>Reads the headers of a change.</summary>
    public static (Preconditions Asked, IResult? Refusal) Read(HttpContext http)
    {
        var match = http.Request.Headers.IfMatch.ToString();
        var noneMatch = http.Request.Headers.IfNoneMatch.ToString();
        if (noneMatch.Length > 0)
        {
            return noneMatch.Trim() == "*" && match.Length == 0
                ? (new(0, false), null)
                : Bad("If-None-Match", noneMatch, "Only If-None-Match: * can be asked of a change.", "Use it for \"must not exist yet\", and If-Match for a version.");
        }

        if (match.Length == 0)
        {
            return (default, null);
        }

        if (match.Trim() == "*")
        {
            return (new(null, true), null);
        }

        return EntityTagHeaderValue.TryParse(match, out var tag) && !tag.IsWeak &&
            long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
                ? (new(version, false), null)
                : Bad("If-Match", match, "This is not an ETag of this API.", "Send one ETag as GET answered it, such as \"3\", in quotes.");
    }

    /// <summary>Whether a reader has this version already.</summary>
    public static bool NotModified(HttpContext http, long version) =>
        http.Request.Headers.IfNoneMatch is { Count: > 0 } asked &&
        EntityTagHeaderValue.TryParseList(asked!, out var tags) &&
        tags.Any(tag => tag.Tag == "*" || tag.Tag == ETag(version));

    private static (Preconditions Asked, IResult? Refusal) Bad(string header, string value, string detail, string remedy) =>
        (default, Answers.Refused(ProblemKind.Invalid, header, value, detail, remedy));
}
