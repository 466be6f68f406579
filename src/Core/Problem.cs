using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Mesh.Core;

/// <summary>Why a request was refused, in terms that a transport can map to its own status codes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProblemKind>))]
public enum ProblemKind
{
    /// <summary>The input is wrong; the same request will be refused again.</summary>
    Invalid,

    /// <summary>What the request names does not exist.</summary>
    NotFound,

    /// <summary>The request is right but at odds with what is there, such as a second policy for one host.</summary>
    Conflict,

    /// <summary>The caller's version (If-Match) is not the current one.</summary>
    PreconditionFailed,

    /// <summary>A named limit is reached.</summary>
    LimitExceeded,
}

/// <summary>One refusal: which field, which value, and what to do about it.</summary>
/// <param name="Kind">What sort of refusal this is.</param>
/// <param name="Field">The path of the field, as in <c>spec.trafficPolicy.outlierDetection.interval</c>; empty when it is the whole.</param>
/// <param name="Value">The offending value as text, at most 200 characters; null when there is none.</param>
/// <param name="Detail">What is wrong, in one sentence.</param>
/// <param name="Remedy">What to do instead, in one sentence.</param>
public sealed record Problem(ProblemKind Kind, string Field, string? Value, string Detail, string Remedy);

/// <summary>Either a value or the reasons why there is none. Grain calls answer with it, so that a refusal is not an exception.</summary>
public sealed record Outcome<T>
{
    /// <summary>The result; null when refused.</summary>
    public T? Value { get; init; }

    /// <summary>Why it was refused; empty when it was not.</summary>
    public ImmutableArray<Problem> Problems { get; init; } = [];

    /// <summary>Whether there is a value.</summary>
    [JsonIgnore]
    [MemberNotNullWhen(true, nameof(Value))]
    public bool Ok => Problems.IsDefaultOrEmpty;
}

/// <summary>Makes outcomes.</summary>
public static class Outcome
{
    /// <summary>An accepted request's answer.</summary>
    public static Outcome<T> Of<T>(T value) => new() { Value = value };

    /// <summary>A refusal with all its reasons.</summary>
    public static Outcome<T> Refused<T>(ImmutableArray<Problem> problems) => new() { Problems = problems };

    /// <summary>A refusal with one reason.</summary>
    public static Outcome<T> Refused<T>(ProblemKind kind, string field, string? value, string detail, string remedy) =>
        new() { Problems = [new Problem(kind, field, value, detail, remedy)] };
}
