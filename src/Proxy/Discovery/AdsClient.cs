using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Discovery;

/// <summary>
/// The shell around <see cref="ConfigKeeper"/>: one loop that hands it one event at a time, and one that keeps a stream open to the control plane.
/// </summary>
public sealed class AdsClient : BackgroundService
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private readonly ConfigKeeper _keeper;
    private readonly ConfigStore _store;
    private readonly AggregatedDiscoveryService.AggregatedDiscoveryServiceClient _client;
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    // Full: requests for new hosts are refused, and the control plane is read from no faster than its answers are taken in.
    private readonly Channel<Event> _inbox = Channel.CreateBounded<Event>(new BoundedChannelOptions(1024) { SingleReader = true });
    private AdsCall? _current;
    private bool _everConnected;

    /// <summary>Starts nothing yet.</summary>
    public AdsClient(
        ConfigKeeper keeper,
        ConfigStore store,
        AggregatedDiscoveryService.AggregatedDiscoveryServiceClient client,
        Backoff backoff,
        TimeProvider time,
        ILogger<AdsClient> log) =>
        (_keeper, _store, _client, _backoff, _time, _log) = (keeper, store, client, backoff, time, log);

    private abstract record Event;

    private sealed record HostAsked(string Host, TaskCompletionSource<bool> Accepted) : Event;

    private sealed record EndpointFailing(EndpointState Endpoint) : Event;

    private sealed record StreamOpened(AdsCall Call) : Event;

    private sealed record AnswerCame(AdsCall Call, DiscoveryResponse Response) : Event;

    private sealed record StreamEnded(AdsCall Call) : Event;

    private sealed record TimePassed : Event;

    private sealed record Looked(Action<ConfigKeeper> Look) : Event;

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

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var connecting = Connect(stoppingToken);
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

        await Task.WhenAll(connecting, ticking);
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

    private async Task Connect(CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                failures = await Converse(failures == 0, stopping) ? 0 : failures + 1;
                await Task.Delay(_backoff.Wait(failures, Random.Shared.NextDouble()), _time, stopping);
            }
            catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
            {
                return;
            }
        }
    }

    /// <summary>One stream from its opening to its end; says whether it ever answered.</summary>
    private async Task<bool> Converse(bool first, CancellationToken stopping)
    {
        var answered = false;
        string why;
        await using var call = new AdsCall(_client, stopping);
        await _inbox.Writer.WriteAsync(new StreamOpened(call), stopping);
        try
        {
            while (await call.Responses.MoveNext(stopping))
            {
                if (!answered)
                {
                    answered = true;
                    _log.LogInformation("The control plane answers.");
                }

                await _inbox.Writer.WriteAsync(new AnswerCame(call, call.Responses.Current), stopping);
            }

            why = "it ended the stream";
        }
        catch (RpcException e)
        {
            why = $"{e.StatusCode}: {e.Status.Detail}";
        }

        await _inbox.Writer.WriteAsync(new StreamEnded(call), stopping);
        // Once, not at each of the attempts that follow.
        _log.Log(answered || first ? LogLevel.Warning : LogLevel.Debug, "The control plane is away ({Why}); what is known stays in force.", why);
        return answered;
    }
}
