using Mesh.Core.Operations;
using Xunit;

namespace Mesh.Core.Tests.Operations;

public class OperationLogTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_repeat_answers_what_the_first_answered_until_somebody_changes_it_and_after_that_too()
    {
        var first = Command.Of("one", "paint", "red")!;
        OperationLog<string>? log = null;
        Assert.Null(log.Recall(first, done => done.Answer ?? "red"));

        log = log.After("white", first.Done<string>(Start, created: true), Start);
        Assert.Equal("red", log.Recall(first, done => done.Answer ?? "red")!.Value);
        Assert.True(log!.Recent[0].Created);

        log = log.After("red", Command.Of("two", "paint", "blue").Done<string>(Start), Start);
        Assert.Equal("red", log.Recall(first, done => done.Answer ?? "blue")!.Value);
        Assert.Equal("blue", log.Recall(Command.Of("two", "paint", "blue"), done => done.Answer ?? "blue")!.Value);
    }

    [Fact]
    public void A_change_that_nobody_asked_for_freezes_the_answers_too()
    {
        var first = Command.Of("one", "paint", "red")!;
        var log = default(OperationLog<string>).After("white", first.Done<string>(Start), Start).After("red", null, Start);

        Assert.Equal("red", log.Recall(first, done => done.Answer ?? "rust")!.Value);
    }

    [Fact]
    public void Another_command_under_the_same_id_is_refused_and_one_without_an_id_never_is()
    {
        var log = default(OperationLog<string>).After(null, Command.Of("one", "paint", "red").Done<string>(Start), Start);

        var refused = log.Recall(Command.Of("one", "paint", "blue"), done => done.Answer!)!;
        Assert.Equal((ProblemKind.Conflict, "operation", "one"), (refused.Problems[0].Kind, refused.Problems[0].Field, refused.Problems[0].Value));
        Assert.Null(log.Recall(Command.Of("two", "paint", "blue"), done => done.Answer!));
        Assert.Null(log.Recall(Command.Of(null, "paint", "red"), done => done.Answer!));
    }

    [Fact]
    public void It_is_bounded_in_number_and_in_age_and_is_nothing_when_it_is_empty()
    {
        OperationLog<string>? log = null;
        for (var i = 0; i < 40; i++)
        {
            log = log.After("before", Command.Of($"id-{i}", "paint").Done<string>(Start), Start);
        }

        Assert.Equal(OperationLog.Most, log!.Recent.Length);
        Assert.Equal("id-39", log.Recent[^1].Id);
        Assert.False(log.IsOld(Start + OperationLog.Age - TimeSpan.FromTicks(1)));
        Assert.True(log.IsOld(Start + OperationLog.Age));
        Assert.Null(log.After("before", null, Start + OperationLog.Age));
        Assert.Null(default(OperationLog<string>).After("before", null, Start));
        Assert.False(default(OperationLog<string>).IsOld(Start));
    }

    [Fact]
    public void Two_logs_are_joined_in_the_order_of_time()
    {
        var late = default(OperationLog<string>).After(null, Command.Of("late", "paint").Done<string>(Start.AddSeconds(1)), Start);
        var early = default(OperationLog<string>).After(null, Command.Of("early", "paint").Done<string>(Start), Start);

        Assert.Equal(["early", "late"], OperationLog.Join(late, early)!.Recent.Select(done => done.Id));
        Assert.Null(OperationLog.Join<string>(null, null));
    }

    [Fact]
    public void A_print_tells_commands_and_their_arguments_apart_and_nothing_else()
    {
        string Print(string name, params object?[] arguments) => Command.Of("id", name, arguments)!.Print;

        Assert.Equal(Print("eject", TimeSpan.FromSeconds(1), null), Print("eject", TimeSpan.FromSeconds(1), null));
        Assert.Equal(
            6,
            new[] { Print("eject", "a", "b"), Print("eject", "ab", ""), Print("eject", "", "ab"), Print("eject", null, "ab"), Print("drain", "a", "b"), Print("eject", "a") }.Distinct().Count());
        Assert.Equal("4281b71815d8df19", Print("eject", TimeSpan.FromSeconds(30), "a test", 1000L, 0.5));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("7b1f-~!", true)]
    [InlineData("", false)]
    [InlineData("two words", false)]
    [InlineData("tab\t", false)]
    [InlineData("ümlaut", false)]
    public void An_id_is_visible_characters(string id, bool valid)
    {
        Assert.Equal(valid, Command.IsId(id));
        Assert.Equal(valid, Command.Check(id, "operation") is null);
    }

    [Fact]
    public void An_id_is_not_too_long()
    {
        Assert.True(Command.IsId(new string('a', 128)));
        var problem = Command.Check(new string('a', 300), "Idempotency-Key")!;
        Assert.Equal((ProblemKind.Invalid, "Idempotency-Key", 200), (problem.Kind, problem.Field, problem.Value!.Length));
        Assert.Null(Command.Check(null, "operation"));
    }
}
