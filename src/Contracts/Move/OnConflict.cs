using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Core;

namespace Mesh.Contracts.Move;

/// <summary>What becomes of what is here already and differs from what is imported.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OnConflict>))]
public enum OnConflict
{
    /// <summary>It stays, and the import is refused.</summary>
    Fail,

    /// <summary>It stays.</summary>
    Skip,

    /// <summary>What is imported takes its place.</summary>
    Replace,
}

/// <summary>What an import did with one thing.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MoveResult>))]
public enum MoveResult
{
    /// <summary>It is on disk now; in a dry run: it would be.</summary>
    Written,

    /// <summary>It was here already, as it is.</summary>
    Equal,

    /// <summary>Another one is here, and stays.</summary>
    Skipped,

    /// <summary>It was not taken.</summary>
    Refused,
}

/// <summary>What became of one thing, and why not what was asked for.</summary>
/// <param name="Result">What.</param>
/// <param name="Problems">The reasons, when it was refused or skipped.</param>
public sealed record Moved(MoveResult Result, ImmutableArray<Problem> Problems)
{
    /// <summary>It is on disk now.</summary>
    public static Moved Written { get; } = new(MoveResult.Written, []);

    /// <summary>It was here already.</summary>
    public static Moved Equal { get; } = new(MoveResult.Equal, []);

    /// <summary>It is not valid.</summary>
    public static Moved Refused(ImmutableArray<Problem> problems) => new(MoveResult.Refused, problems);

    /// <summary>Something else is here: what the caller asked for such a case decides whether that is a refusal.</summary>
    public static Moved Conflict(OnConflict onConflict, Problem problem) =>
        new(onConflict == OnConflict.Fail ? MoveResult.Refused : MoveResult.Skipped, [problem]);
}
