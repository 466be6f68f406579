using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Operations;
using Xunit;

namespace Mesh.Core.Tests.Operations;

public class DepartureTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_removal_is_remembered_with_what_was_done_before()
    {
        var before = default(OperationLog<EndpointState>).After(null, Command.Of("join", "register").Done<EndpointState>(Start, created: true), Start);

        var departures = default(ImmutableArray<Departure>?).With(Gone("a") with { Operations = before }, Command.Of("leave", "deregister"), Start, _ => false);

        Assert.Equal(["join", "leave"], departures.Find("a")!.Operations!.Recent.Select(done => done.Id));
        Assert.Null(departures.Find("b"));
        Assert.Null(default(ImmutableArray<Departure>?).Find("a"));
    }

    [Fact]
    public void One_that_came_back_and_left_again_is_remembered_once_and_each_removal_with_its_own_answer()
    {
        var once = default(ImmutableArray<Departure>?).With(Gone("a", 1), Command.Of("first", "deregister"), Start, _ => false);
        var twice = once.With(Gone("a", 2), Command.Of("second", "deregister"), Start.AddSeconds(1), _ => false);

        var gone = Assert.Single(twice!.Value);
        Assert.Equal(["first: 1", "second: 2"], gone.Operations!.Recent.Select(done => $"{done.Id}: {(done.Answer ?? gone.Last).Spec.Port}"));
    }

    [Fact]
    public void What_is_too_much_makes_room_oldest_first_unless_something_is_left_to_be_cleared()
    {
        ImmutableArray<Departure>? departures = null;
        for (var i = 0; i < Departures.Most + 10; i++)
        {
            departures = departures.With(Gone($"e{i}"), null, Start, id => id != "e0");
        }

        Assert.Equal(Departures.Most + 1, departures!.Value.Length);
        Assert.Equal(["e0", "e10"], departures.Value.Take(2).Select(gone => gone.Id));
        Assert.Null(departures.Find($"e{Departures.Most + 9}")!.Operations);
    }

    [Fact]
    public void What_is_old_is_forgotten_once_nothing_is_left_to_be_cleared()
    {
        var departures = default(ImmutableArray<Departure>?).With(Gone("a"), null, Start, _ => false);

        Assert.Equal(departures, departures.Faded(Start + OperationLog.Age - TimeSpan.FromTicks(1), _ => true));
        Assert.Equal(departures, departures.Faded(Start + OperationLog.Age, _ => false));
        Assert.Null(departures.Faded(Start + OperationLog.Age, _ => true));
        Assert.Null(default(ImmutableArray<Departure>?).Faded(Start, _ => true));
    }

    private static Departure Gone(string id, int port = 80) =>
        new(id, Start, new EndpointState { Spec = new() { Id = id, Address = "10.0.0.1", Port = port }, RegisteredAt = Start });
}
