using Mesh.Gateway.Streams;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Tests.Streams;

public sealed class UnansweredTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Unanswered _unanswered;

    public UnansweredTests() => _unanswered = new Unanswered(2, _time);

    [Fact]
    public void The_oldest_response_without_an_answer_says_since_when()
    {
        Assert.Null(Waited(ResourceType.Endpoints));
        Send(ResourceType.Endpoints, 1);
        Send(ResourceType.Endpoints, 2);
        Send(ResourceType.Route, 3);
        Assert.Equal((3, 1, null), (Waited(ResourceType.Endpoints), Waited(ResourceType.Route), Waited(ResourceType.Cluster)));
        _unanswered.Answered(ResourceType.Endpoints, 1);
        Assert.Equal(2, Waited(ResourceType.Endpoints));
        _unanswered.Answered(ResourceType.Endpoints, 2);
        Assert.Equal((null, 1), (Waited(ResourceType.Endpoints), Waited(ResourceType.Route)));
    }

    [Fact]
    public void An_answer_to_a_newer_response_answers_the_older_ones_too()
    {
        var (first, second) = (Send(ResourceType.Cluster, 1), Send(ResourceType.Cluster, 2));
        _unanswered.Answered(ResourceType.Cluster, 2);
        Assert.Null(Waited(ResourceType.Cluster));
        Assert.NotNull(first.SettledAt);
        Assert.NotNull(second.SettledAt);
    }

    [Fact]
    public void A_nonce_that_does_not_wait_changes_nothing()
    {
        _unanswered.Answered(ResourceType.Cluster, 1);
        var change = Send(ResourceType.Cluster, 2);
        _unanswered.Answered(ResourceType.Cluster, 1);
        _unanswered.Answered(ResourceType.Route, 2);
        Assert.Equal(1, Waited(ResourceType.Cluster));
        Assert.Null(change.SettledAt);
    }

    [Fact]
    public void Who_never_answers_takes_no_more_than_its_room_and_its_changes_are_never_settled()
    {
        var changes = Enumerable.Range(1, 5).Select(nonce => Send(ResourceType.Cluster, nonce)).ToList();
        Assert.Equal(2, Waited(ResourceType.Cluster));
        Assert.All(changes, static change => Assert.Null(change.SettledAt));
        // Even when it ends: what was forgotten stays so.
        _unanswered.End();
        Assert.Equal([false, false, false, true, true], changes.Select(static change => change.SettledAt is not null));
    }

    [Fact]
    public void Who_owes_an_answer_for_long_is_not_waited_for_until_it_gives_it()
    {
        Send(ResourceType.Cluster, 1);
        _time.Advance(Unanswered.Patience - TimeSpan.FromSeconds(1));
        Assert.False(_unanswered.IsSilent(ResourceType.Cluster));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(_unanswered.IsSilent(ResourceType.Cluster));
        Assert.False(_unanswered.IsSilent(ResourceType.Route));
        _unanswered.Answered(ResourceType.Cluster, 1);
        Assert.False(_unanswered.IsSilent(ResourceType.Cluster));
    }

    /// <summary>Sends, and lets a second pass.</summary>
    private ChangeDelivery Send(ResourceType type, long nonce)
    {
        var change = new ChangeDelivery(_time.GetUtcNow());
        change.Sent();
        _unanswered.Sent(type, nonce, change);
        _time.Advance(TimeSpan.FromSeconds(1));
        return change;
    }

    private double? Waited(ResourceType type) => _unanswered.Since(type) is { } since ? _time.GetElapsedTime(since).TotalSeconds : null;
}
