using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Discovery;

/// <summary>
/// The shell around <see cref="ConfigKeeper"/>: a loop that hands it one event at a time. Where the streams come from is up to
/// <see cref="AdsJourney"/>.
/// </summary>
public sealed class AdsClient : BackgroundService, IAdsListener
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private readonly ConfigKeeper _keeper;
    private readonly ConfigStore _store;
    private readonly AdsJourney _journey;
    private readonly TimeProvider _time;

    // Full: requests for new hosts are refused, and the control plane is read from no faster than its answers are taken in.
    private readonly Channel<Event> _inbox = Channel.CreateBounded<Event>(new BoundedChannelOptions(1024) { SingleReader = true });
    private AdsCall? _current;
    private bool _everConnected;

    /// <summary>Starts nothing yet.</summary>
    internal AdsClient(ConfigKeeper keeper, ConfigStore store, AdsJourney journey, GatewaySeat seat, TimeProvider time) =>
        (_keeper, _store, _journey, Seat, _time) = (keeper, store, journey, seat, time);

    private abstract record Event;

    private sealed record HostAsked(string Host, TaskCompletionSource<bool> Accepted) : Event;

    private sealed record EndpointFailing(EndpointState Endpoint) : Event;

    private sealed record StreamOpened(AdsCall Call) : Event;

    private sealed record AnswerCame(AdsCall Call, DiscoveryResponse Response) : Event;

    private sealed record StreamEnded(AdsCall Call) : Event;

    private sealed record TimePassed : Event;

    private sealed record Looked(Action<ConfigKeeper> Look) : Event;

    /// <summary>At which gateway it is served.</summary>
    public GatewaySeat Seat { get; }

    /// <summary>Whether the control plane has ever answered.</summary>
    public bool EverConnected => Volatile.Read(ref _everConnected);

    /// <summary>Asks for a host's configuration; false when the proxy can follow no further one.</summary>
    public async ValueTask<bool> Ask(string host)
    {
        var accepted = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _inbox.Writer.TryWrite(new HostAsked(host, accepted)) && await accepted.Task;
    }

    /// <summary>An endpoint failed again. It matters only while this proxy judges.</summary>
    public void Failing(EndpointState endpoint)
    {
        if (_keeper.AlwaysJudges || !_store.Current.Connected)
        {
            // One lost in a full box is followed by the next failure.
            _inbox.Writer.TryWrite(new EndpointFailing(endpoint));
        }
    }

    /// <summary>Shows the keeper's state to someone, between two events.</summary>
    public async Task<T> Look<T>(Func<ConfigKeeper, T> look)
    {
        var seen = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _inbox.Writer.WriteAsync(new Looked(k => seen.TrySetResult(look(k))));
        return await seen.Task;
    }

    ValueTask IAdsListener.Opened(AdsCall call, CancellationToken cancellationToken) => _inbox.Writer.WriteAsync(new StreamOpened(call), cancellationToken);

    ValueTask IAdsListener.Answered(AdsCall call, DiscoveryResponse response, CancellationToken cancellationToken) =>
        _inbox.Writer.WriteAsync(new AnswerCame(call, response), cancellationToken);

    ValueTask IAdsListener.Ended(AdsCall call, CancellationToken cancellationToken) => _inbox.Writer.WriteAsync(new StreamEnded(call), cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var travelling = _journey.Run(this, stoppingToken);
        using var clock = new PeriodicTimer(TickEvery, _time);
        var ticking = Tick(clock, stoppingToken);
        try
        {
            await foreach (var e in _inbox.Reader.ReadAllAsync(stoppingToken))
            {
                Handle(e);
            }
        }
        catch (OperationCanceledException)
        {
            _inbox.Writer.TryComplete();
            while (_inbox.Reader.TryRead(out var left))
            {
                (left as HostAsked)?.Accepted.TrySetResult(false);
            }
        }

        await Task.WhenAll(travelling, ticking);
    }

    private void Handle(Event e)
    {
        switch (e)
        {
            case HostAsked(var host, var accepted):
                var requests = _keeper.Ask(host);
                _current?.Send(requests ?? []);
                accepted.TrySetResult(requests is not null);
                break;
            case EndpointFailing(var endpoint):
                _keeper.Failing(endpoint);
                break;
            case StreamOpened(var call):
                _current = call;
                call.Send(_keeper.Opened());
                break;
            case AnswerCame(var call, var response) when call == _current:
                Volatile.Write(ref _everConnected, true);
                call.Send(_keeper.Received(response));
                break;
            case StreamEnded(var call) when call == _current:
                _current = null;
                _keeper.Closed();
                break;
            case TimePassed:
                var more = _keeper.Tick();
                _current?.Send(more);
                break;
            case Looked(var look):
                look(_keeper);
                break;
        }
    }

    private async Task Tick(PeriodicTimer clock, CancellationToken stopping)
    {
        try
        {
            while (await clock.WaitForNextTickAsync(stopping))
            {
                _inbox.Writer.TryWrite(new TimePassed());
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
