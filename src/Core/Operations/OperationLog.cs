using System.Collections.Immutable;

namespace Mesh.Core.Operations;

/// <summary>
/// The commands that the owner of a fact has done lately, kept in the same row as the fact, so that effect and memory are written together or
/// not at all.
/// <para>
/// Think of a clerk who stamps each order with the number that the customer wrote on it. Who does not know whether the order went through
/// sends the same paper again: the clerk finds the number, does nothing, and says what was said before. The same number on another order is
/// sent back.
/// </para>
/// <para>
/// Only what had an effect is remembered. A command that changed nothing, or was refused, is decided anew: its caller has no answer yet, so
/// to do it later is to do it once.
/// </para>
/// <para>
/// Rejected: a table of ids of its own (two writes, and a crash between them forgets or lies); answers kept in full (a row of an endpoint would
/// grow threefold: what is stored beside the memory <em>is</em> the answer, until it changes).
/// </para>
/// </summary>
public sealed record OperationLog<TAnswer>
    where TAnswer : class
{
    /// <summary>Oldest first.</summary>
    public ImmutableArray<Operation<TAnswer>> Recent { get; init; } = [];
}

/// <summary>What may be done with a log; null is the log of nothing, so that a row without commands is no larger for it.</summary>
public static class OperationLog
{
    /// <summary>How long a command is remembered at least. Callers give up within seconds; this is for those who come back by themselves.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    /// <summary>How many commands to one endpoint, or one document, are remembered; the oldest makes room.</summary>
    public const int Most = 16;

    /// <summary>The answer to a repeat: what the first answered, or a refusal of another command under the same id; null when it is to be done.</summary>
    /// <param name="log">What was done.</param>
    /// <param name="command">What is asked for; null has no id and is always to be done.</param>
    /// <param name="answer">Makes the answer of what is remembered.</param>
    public static Outcome<TView>? Recall<TAnswer, TView>(this OperationLog<TAnswer>? log, Command? command, Func<Operation<TAnswer>, TView> answer)
        where TAnswer : class =>
        command is null || log?.Recent.FirstOrDefault(one => one.Id == command.Id) is not { } done ? null
        : done.Print == command.Print ? Outcome.Of(answer(done))
        : Outcome.Refused<TView>(
            ProblemKind.Conflict, "operation", command.Id, "This operation id was given to another command before.",
            "Give each command an id of its own, and only its repeats the same one.");

    /// <summary>The log after a change.</summary>
    /// <param name="log">The log before.</param>
    /// <param name="before">What is stored until now, which is what commands without an answer of their own answered; null when nothing is.</param>
    /// <param name="done">The command that made the change; null when none did.</param>
    /// <param name="now">The time.</param>
    public static OperationLog<TAnswer>? After<TAnswer>(this OperationLog<TAnswer>? log, TAnswer? before, Operation<TAnswer>? done, DateTimeOffset now)
        where TAnswer : class
    {
        var kept = log.Kept(before, now);
        return done is null ? Of(kept) : Of([.. kept.TakeLast(Most - 1), done]);
    }

    /// <summary>What a command leaves behind.</summary>
    public static Operation<TAnswer>? Done<TAnswer>(this Command? command, DateTimeOffset now, bool created = false, TAnswer? answer = null)
        where TAnswer : class =>
        command is null ? null : new(command.Id, command.Print, now) { Created = created, Answer = answer };

    /// <summary>Both together, oldest first.</summary>
    public static OperationLog<TAnswer>? Join<TAnswer>(OperationLog<TAnswer>? one, OperationLog<TAnswer>? other)
        where TAnswer : class =>
        Of([.. Recent(one).Concat(Recent(other)).OrderBy(static done => done.At).TakeLast(Most)]);

    /// <summary>Whether there is anything in it that need not be remembered any more.</summary>
    public static bool IsOld<TAnswer>(this OperationLog<TAnswer>? log, DateTimeOffset now)
        where TAnswer : class => log is not null && log.Recent.Any(one => now - one.At >= Age);

    private static IEnumerable<Operation<TAnswer>> Kept<TAnswer>(this OperationLog<TAnswer>? log, TAnswer? before, DateTimeOffset now)
        where TAnswer : class => Recent(log).Where(one => now - one.At < Age).Select(one => one.Answer is null && before is not null ? one with { Answer = before } : one);

    private static ImmutableArray<Operation<TAnswer>> Recent<TAnswer>(OperationLog<TAnswer>? log)
        where TAnswer : class => log?.Recent ?? [];

    private static OperationLog<TAnswer>? Of<TAnswer>(IEnumerable<Operation<TAnswer>> recent)
        where TAnswer : class => recent.ToImmutableArray() is { IsEmpty: false } kept ? new() { Recent = kept } : null;
}
