using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Mesh.Core;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>
/// Reads query parameters and gathers what is wrong with them. A parameter that nobody reads is refused too: <c>?namepace=x</c> would
/// otherwise list everything and look right.
/// </summary>
internal sealed class Queries(HttpContext http, RestLimits limits)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<Problem> _problems = [];

    public string? Text(string name)
    {
        _known.Add(name);
        var values = http.Request.Query[name];
        if (values.Count > 1)
        {
            Refuse(name, values.ToString(), "The parameter is given more than once.", "Give it once.");
        }

        return values.Count == 0 || values[0] is not { Length: > 0 } value ? null : value;
    }

    public string? Namespace()
    {
        var text = Text("namespace");
        if (text is not null && !Names.IsLabel(text))
        {
            Refuse("namespace", text, "This cannot be a namespace's name.", "Use 1 to 63 of a-z, 0-9 and '-'.");
        }

        return text;
    }

    public bool Flag(string name)
    {
        var text = Text(name);
        if (text is null or "false")
        {
            return false;
        }

        if (text != "true")
        {
            Refuse(name, text, "The parameter is neither true nor false.", "Write true or false.");
        }

        return true;
    }

    /// <summary>Where a page begins (after this key; null for the first) and how many items it may hold.</summary>
    public (string? After, int Limit) Page()
    {
        var limit = limits.PageSize;
        if (Text("limit") is { } text &&
            !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit >= 1 && limit <= limits.MaxPageSize))
        {
            Refuse("limit", text, $"The limit is not a number from 1 to {limits.MaxPageSize}.", $"Leave it out for {limits.PageSize}, or give one in range.");
            limit = limits.PageSize;
        }

        var token = Text("continue");
        if (token is null)
        {
            return (null, limit);
        }

        if (token.Length <= 2048 && Base64Url.IsValid(token) && Base64Url.DecodeFromChars(token) is [(byte)'>', .. var key])
        {
            return (Encoding.UTF8.GetString(key), limit);
        }

        Refuse("continue", token, "This is not a continue token of this API.", "Pass what the page before answered, or leave it out for the first page.");
        return (null, limit);
    }

    /// <summary>The token for the page after this key.</summary>
    public static string Token(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes('>' + key));

    public void Refuse(string name, string? value, string detail, string remedy) =>
        _problems.Add(new Problem(ProblemKind.Invalid, name, value, detail, remedy));

    /// <summary>The refusal, if anything is wrong; call it after everything was read.</summary>
    public IResult? Refusal()
    {
        foreach (var name in http.Request.Query.Keys.Where(name => !_known.Contains(name)))
        {
            Refuse(
                name, http.Request.Query[name], "There is no such parameter.",
                _known.Count == 0 ? "This path takes none." : $"It takes {string.Join(", ", _known)}.");
        }

        return _problems.Count == 0 ? null : Answers.Refused(_problems);
    }
}
