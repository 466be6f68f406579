using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Gateway.View;
using Mesh.Gateway.View.News;

namespace Mesh.Gateway.Tests.View;

/// <summary>The parts of following the silos that decide, without a clock or a task.</summary>
public sealed class SiloTableTests
{
    private static readonly ServiceId Greeter = ServiceId.Parse("default/greeter");
    private static readonly ServiceId Other = ServiceId.Parse("default/other");

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    public void In_touch_is_who_hears_of_half_of_the_silos(int silos, int heard)
    {
        var table = Table(silos);
        for (var silo = 0; silo < heard; silo++)
        {
            Assert.Equal(Seconds(0), table.InTouchAt);
            table.Asked($"{silo}", Seconds(9), answered: true);
        }

        Assert.Equal(Seconds(9), table.InTouchAt);
    }

    [Fact]
    public void A_silo_is_asked_one_question_at_a_time_and_once_in_the_period()
    {
        var table = Table(1);
        Assert.Equal(["0"], table.Due(Seconds(1), Seconds(1)));
        Assert.Empty(table.Due(Seconds(5), Seconds(1)));
        table.Asked("0", Seconds(1), answered: false);
        Assert.Equal(["0"], table.Due(Seconds(5), Seconds(1)));
        table.Asked("0", Seconds(5), answered: true);
        Assert.Empty(table.Due(Seconds(5.9), Seconds(1)));
    }

    [Fact]
    public void Who_is_dead_or_not_listed_any_more_is_gone_and_a_list_without_any_silo_says_nothing()
    {
        var table = Table(3);
        Assert.Equal(["1", "2"], table.Update([Member("0"), Member("1") with { State = SiloState.Dead }], Seconds(1)).Order());
        Assert.Empty(table.Update([], Seconds(2)));
        Assert.Equal(["0"], table.Due(Seconds(3), Seconds(1)));
    }

    [Fact]
    public void A_silo_is_silent_after_a_while_and_its_first_answer_says_that_it_is_back()
    {
        var table = Table(2);
        table.Asked("0", Seconds(4), answered: true);
        Assert.Equal(["1"], table.Silent(Seconds(5)));
        Assert.True(table.IsSilent("1"));
        Assert.True(table.Asked("1", Seconds(6), answered: true));
        Assert.False(table.Asked("1", Seconds(7), answered: true));
        Assert.Empty(table.Silent(Seconds(7)));
    }

    [Fact]
    public void A_gateway_comes_back_when_everybody_was_asked_after_it_noticed_and_nothing_is_owed()
    {
        var (table, contact) = (Table(2), new Contact(Seconds(5)));
        Assert.True(contact.Look(Seconds(5), table.InTouchAt));
        Assert.False(contact.Owe());
        Assert.False(contact.Look(Seconds(60), table.InTouchAt));

        // An answer to what was asked before the clock jumped.
        table.Asked("0", Seconds(59), answered: true);
        Assert.False(Returns(Seconds(61)));
        Assert.False(contact.Look(Seconds(61), table.InTouchAt));

        table.Update([Member("0"), Member("1")], Seconds(61));
        table.Asked("0", Seconds(61), answered: true);
        Assert.False(Returns(Seconds(62)));
        Assert.True(contact.Owe());
        table.Asked("1", Seconds(61), answered: true);
        Assert.False(Returns(Seconds(62)));
        contact.Paid();
        Assert.True(Returns(Seconds(62)));
        Assert.True(contact.Look(Seconds(62), table.InTouchAt));

        bool Returns(TimeSpan now) => contact.Return(now, table.InTouchAt, table.CaughtUp);
    }

    [Fact]
    public void A_silo_that_holds_on_to_an_activation_which_another_has_followed_is_not_believed()
    {
        var places = new Places();
        places.Take("new", Page(anew: true, new ServiceNews(Greeter, new(5, 1), true)));
        Assert.Empty(places.Take("old", Page(anew: true, new ServiceNews(Greeter, new(4, 9), true))).Services);
        Assert.Empty(places.Gone("old").LeftServices);
        Assert.Equal([Greeter], places.Gone("new").LeftServices);
        Assert.Null(places.Of(Greeter));
    }

    [Fact]
    public void What_is_not_repeated_in_a_reading_of_everything_has_left()
    {
        var places = new Places();
        places.Take("a", Page(anew: true, new ServiceNews(Greeter, new(1, 1), true), new ServiceNews(Other, new(1, 1), true)));
        Assert.Empty(places.Take("a", Page(anew: true, new ServiceNews(Greeter, new(1, 1), true)) with { More = true }).LeftServices);
        Assert.Equal([Other], places.Take("a", Page(anew: false)).LeftServices);
        Assert.Equal("a", places.Of(Greeter));
    }

    [Fact]
    public async Task A_pull_that_waits_among_thousands_is_taken_at_once_when_somebody_wants_it_now()
    {
        var queue = new PullQueue(capacity: 10);
        queue.Request(Greeter, null, lane: PullLane.Later);
        queue.Request(Other, null, lane: PullLane.Later);
        queue.Request(Other, "cause");
        var now = await queue.Take(PullLane.Now, default);
        Assert.Equal((Other, "cause"), (now.Service, now.TraceParent));
        Assert.Equal(Greeter, (await queue.Take(PullLane.Later, default)).Service);

        var none = queue.Take(PullLane.Later, default);
        queue.Done(now);
        Assert.False(none.IsCompleted);
        queue.Request(Other, null, lane: PullLane.Later);
        Assert.Equal(Other, (await none).Service);
    }

    private static SiloTable Table(int silos)
    {
        var table = new SiloTable(Seconds(0), silentAfter: Seconds(3));
        table.Update([.. Enumerable.Range(0, silos).Select(silo => Member($"{silo}"))], Seconds(0));
        return table;
    }

    private static SiloMember Member(string address) => new(address, address, SiloState.Active, DateTimeOffset.UnixEpoch);

    private static SiloNews Page(bool anew, params ImmutableArray<ServiceNews> services) =>
        new() { Next = new("log", 0, 0), Anew = anew, More = false, Services = services, Shards = [] };

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
