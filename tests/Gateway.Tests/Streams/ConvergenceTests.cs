using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Mesh.Gateway.Streams;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>The instruments are the process's: other tests may measure at the same time, so each waits for figures that only it can make.</summary>
public sealed class ConvergenceTests : IDisposable
{
    private static readonly TimeSpan Tick = Convergence.Quiet;

    private readonly ConcurrentBag<double> _measured = [];
    private readonly ConcurrentBag<string> _unmeasured = [];
    private readonly MeterListener _listener = new();
    private readonly ManualTimeProvider _time = new();
    private readonly Convergence _convergence;

    public ConvergenceTests()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name is "mesh.xds.convergence" or "mesh.xds.unconverged")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, value, _, _) => _measured.Add(value));
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _unmeasured.Add((string)tags[0].Value!));
        _listener.Start();
        _convergence = new Convergence(_time);
    }

    public void Dispose()
    {
        _convergence.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public void The_time_is_that_of_the_last_answer_of_all_who_were_sent_the_change()
    {
        var change = Begin(streams: 3);
        _time.Advance(TimeSpan.FromSeconds(0.25));
        change.Answered(_time);
        change.Answered(_time);
        _time.Advance(5 * Tick);
        Assert.Equal(1, _convergence.Open);
        _time.Advance(TimeSpan.FromSeconds(0.0078125));
        change.Answered(_time);
        _time.Advance(2 * Tick);

        Assert.Contains(5.2578125, _measured);
        Assert.Equal(0, _convergence.Open);
    }

    [Fact]
    public void Who_is_sent_it_a_little_later_than_the_others_answered_counts_too()
    {
        var change = Begin(streams: 1);
        change.Answered(_time);
        _time.Advance(Tick / 2);
        _convergence.Sent(change);
        _time.Advance(TimeSpan.FromSeconds(0.15625));
        change.Answered(_time);
        _time.Advance(3 * Tick);

        Assert.Contains(0.65625, _measured);
        Assert.Equal(0, _convergence.Open);
    }

    [Fact]
    public void A_change_that_is_not_answered_is_given_up_and_counted()
    {
        var change = Begin(streams: 2);
        change.Answered(_time);
        _time.Advance(Convergence.Patience - Tick);
        Assert.Equal(1, _convergence.Open);
        _time.Advance(2 * Tick);
        Assert.Equal(0, _convergence.Open);
        Assert.Contains("unanswered", _unmeasured);
        // An answer that comes then does no harm.
        change.Answered(_time);
    }

    [Fact]
    public void More_changes_than_are_followed_are_counted_and_cost_nothing()
    {
        for (var i = 0; i < Convergence.Most + 10; i++)
        {
            Begin(streams: 1);
        }

        Assert.Equal(Convergence.Most, _convergence.Open);
        Assert.Equal(10, _unmeasured.Count(static reason => reason == "overflow"));
    }

    [Fact]
    public async Task Many_streams_may_answer_at_once()
    {
        var change = Begin(streams: 10_000);
        await Task.WhenAll(Enumerable.Range(0, 9).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                Assert.Null(change.SettledAt);
                change.Answered(_time);
            }
        })));
        for (var i = 0; i < 1_000; i++)
        {
            change.Answered(_time);
        }

        Assert.Equal(_time.GetUtcNow(), change.SettledAt);
    }

    [Fact]
    public async Task A_change_is_measured_once_every_client_that_it_was_pushed_to_has_answered()
    {
        await using var host = await StreamHost.Start();
        host.View.Set("default/greeter", TableView.Endpoint("a", "127.0.0.1", 1001));
        using var one = new TestClient(host, "one");
        using var two = new TestClient(host, "two");
        foreach (var client in (TestClient[])[one, two])
        {
            await client.Ask(ResourceType.Endpoints, "default/greeter");
            await client.Accept(await client.Receive(), "default/greeter");
        }

        host.View.SetStatus("default/greeter", "a", Core.Health.HealthStatus.Ejected);
        await one.Accept(await one.Receive(), "default/greeter");
        Assert.Equal(1, host.Convergence.Open);
        // The other one leaves without a word, which ends the wait for it.
        await two.Receive();
        await two.Leave();

        await Eventually.True(() => host.Convergence.Open == 0);
        Assert.NotEmpty(_measured);
    }

    private ChangeDelivery Begin(int streams)
    {
        var change = new ChangeDelivery(_time.GetUtcNow());
        for (var i = 0; i < streams; i++)
        {
            _convergence.Sent(change);
        }

        return change;
    }
}
