using System.Diagnostics;
using System.Text.Json.Serialization.Metadata;
using Mesh.Api;
using Mesh.Core;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>Makes answers: values as JSON, refusals as problem details. Nothing of an exception ever goes into one.</summary>
internal static class Answers
{
    public const string ProblemMediaType = "application/problem+json";

    public static IResult Json<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        Results.Json(value, type, statusCode: status);

    public static IResult Refused(IReadOnlyList<Problem> problems) => new ProblemResult(StatusOf(problems[0].Kind), Title(problems[0].Kind), problems);

    public static IResult Refused(ProblemKind kind, string field, string? value, string detail, string remedy) =>
        Refused([new Problem(kind, field, value, detail, remedy)]);

    /// <summary>A refusal that is HTTP's own, such as 413 or 415.</summary>
    public static IResult Refused(int status, string title, string detail, string remedy, string field = "", string? value = null) =>
        new ProblemResult(status, title, [new Problem(ProblemKind.Invalid, field, value, detail, remedy)]);

    public static int StatusOf(ProblemKind kind) => kind switch
    {
        ProblemKind.NotFound => StatusCodes.Status404NotFound,
        ProblemKind.Conflict or ProblemKind.LimitExceeded => StatusCodes.Status409Conflict,
        ProblemKind.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
        _ => StatusCodes.Status400BadRequest,
    };

    public static Task WriteProblem(HttpContext http, int status, string title, string detail, string remedy) =>
        Refused(status, title, detail, remedy).ExecuteAsync(http);

    private static string Title(ProblemKind kind) => kind switch
    {
        ProblemKind.NotFound => "Not found",
        ProblemKind.Conflict => "Conflict",
        ProblemKind.LimitExceeded => "Limit reached",
        ProblemKind.PreconditionFailed => "The version is not the current one",
        _ => "The request is not valid",
    };

    private sealed class ProblemResult(int status, string title, IReadOnlyList<Problem> problems) : IResult
    {
        private const int MostProblems = 50;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            var slug = title.ToLowerInvariant().Replace(' ', '-').Replace("'", "", StringComparison.Ordinal);
            var first = problems[0];
            var body = new MeshProblem(
                $"urn:mesh:problem:{slug}",
                title,
                status,
                problems.Count == 1 ? $"{first.Detail} {first.Remedy}" : $"{first.Detail} {first.Remedy} ({problems.Count} problems in all.)",
                httpContext.Request.Path,
                [.. problems.Take(MostProblems).Select(static p => new MeshProblemItem(p.Field, Short(p.Value), p.Detail, p.Remedy))],
                Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier);
            return Results.Json(body, RestJson.Written.MeshProblem, ProblemMediaType, status).ExecuteAsync(httpContext);
        }

        private static string? Short(string? value) => value is { Length: > 200 } ? string.Concat(value.AsSpan(0, 200), "…") : value;
    }
}
