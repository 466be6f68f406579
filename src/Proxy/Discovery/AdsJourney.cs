using System.Threading.Channels;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Mesh.Proxy.Gateways;

namespace Mesh.Proxy.Discovery;

/// <summary>Who takes in what the streams bring.</summary>
internal interface IAdsListener
{
    /// <summary>A stream was opened.</summary>
    ValueTask Opened(AdsCall call, CancellationToken cancellationToken);

    /// <summary>An answer came.</summary>
    ValueTask Answered(AdsCall call, DiscoveryResponse response, CancellationToken cancellationToken);

    /// <summary>It ended.</summary>
    ValueTask Ended(AdsCall call, CancellationToken cancellationToken);
}

/// <summary>How a proxy goes from gateway to gateway.</summary>
internal sealed record JourneyOptions
{
    /// <summary>The wait after all gateways have failed.</summary>
    public required Backoff Backoff { get; init; }

    /// <summary>
    /// The wait before the best gateway is tried again, while another one serves. Long and spread by chance, so that one which comes and goes takes each proxy along once in a
    /// minute at most, and one that came back is not overrun.
    /// </summary>
    public required Backoff Return { get; init; }

    /// <summary>How long a gateway may take to its first answer, if there is another one to go to; longer in each round.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Keeps a stream open to some gateway: to the best that answers, at once to the next when it ends, and later back to the best. Before it goes back it has seen that the best
/// one serves a stream of its, so nothing is given up for a promise.
/// </summary>
internal sealed class AdsJourney(
    GatewayList gateways, Func<Gateway, GatewayConnection> connect, GatewaySeat seat, Node node, JourneyOptions options, TimeProvider time, ILogger log)
{
    /// <summary>Goes on until it is told to stop.</summary>
    public async Task Run(IAdsListener listener, CancellationToken stopping)
    {
        var round = GatewayRound.Start;
        GatewayConnection? home = null;
        try
        {
            await gateways.Refresh().WaitAsync(stopping);
            while (true)
            {
                var next = home?.Gateway ?? round.Next(gateways.Ranked);
                if (next is null)
                {
                    await Task.Delay(options.Backoff.Wait(round.Failures, Random.Shared.NextDouble()), time, stopping);
                    await gateways.Refresh().WaitAsync(stopping);
                    round = round.Again();
                    continue;
                }

                var connection = home ?? connect(next);
                home = null;
                TimeSpan? lasted;
                using (connection)
                {
                    (lasted, home) = await Stay(connection, listener, round, stopping);
                }

                round = round.Ended(next, lasted);
                _ = gateways.Refresh();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            home?.Dispose();
        }
    }

    /// <summary>One stream from its opening to its end: for how long it served, and where to go instead.</summary>
    private async Task<(TimeSpan? Lasted, GatewayConnection? Home)> Stay(
        GatewayConnection connection, IAdsListener listener, GatewayRound round, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var call = new AdsCall(connection.Discovery, ending.Token);
        await listener.Opened(call, stopping);
        var visit = new Visit();
        var reading = Read(call, connection, listener, round, visit, ending.Token);
        var returning = Return(connection.Gateway, ending.Token);
        await Task.WhenAny(reading, returning);
        var home = returning.IsCompletedSuccessfully ? await returning : null;
        seat.Leave();
        await ending.CancelAsync();
        var why = await reading;
        // It may have found its way home in this very moment.
        home ??= await returning;
        stopping.ThrowIfCancellationRequested();
        await listener.Ended(call, stopping);
        Say(connection.Gateway, home?.Gateway, why, visit, round);
        return (visit.AnsweredAt is { } at ? time.GetElapsedTime(at) : null, home);
    }

    /// <summary>Reads to the end, and says why it ended.</summary>
    private async Task<string> Read(
        AdsCall call, GatewayConnection connection, IAdsListener listener, GatewayRound round, Visit visit, CancellationToken ending)
    {
        try
        {
            while (await (visit.AnsweredAt is null ? First(call, round, ending) : call.Responses.MoveNext(ending)))
            {
                if (visit.AnsweredAt is null)
                {
                    visit.AnsweredAt = time.GetTimestamp();
                    seat.Take(connection);
                    log.LogInformation("The control plane answers, at {Gateway}.", connection.Gateway.Name);
                }

                await listener.Answered(call, call.Responses.Current, ending);
            }

            return "it ended the stream";
        }
        catch (RpcException e)
        {
            return $"{e.StatusCode}: {e.Status.Detail}";
        }
        catch (TimeoutException)
        {
            return "it did not answer in time";
        }
        catch (OperationCanceledException)
        {
            return "a better one is there again";
        }
    }

    /// <summary>The first answer. Who has nowhere else to go waits for it as long as it takes.</summary>
    private Task<bool> First(AdsCall call, GatewayRound round, CancellationToken ending)
    {
        var answer = call.Responses.MoveNext(ending);
        return gateways.Ranked.Length > 1 ? answer.WaitAsync(options.AnswerWithin * Math.Min(1 + round.Failures, 6), time, ending) : answer;
    }

    /// <summary>Waits until a better gateway than this one serves us; null when called off.</summary>
    private async Task<GatewayConnection?> Return(Gateway here, CancellationToken ending)
    {
        try
        {
            for (var tries = 0; ; tries++)
            {
                await Task.Delay(options.Return.Wait(tries, Random.Shared.NextDouble()), time, ending);
                var best = (await gateways.Refresh().WaitAsync(ending))[0];
                if (best.Name == here.Name)
                {
                    tries = -1;
                }
                else if (await Probe(best, ending) is { } home)
                {
                    return home;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Has the gateway serve a stream that asks for nothing.</summary>
    private async Task<GatewayConnection?> Probe(Gateway gateway, CancellationToken ending)
    {
        var connection = connect(gateway);
        try
        {
            await using var call = new AdsCall(connection.Discovery, ending);
            call.Send(new AdsState(node).Opened().Requests);
            if (await call.Responses.MoveNext(ending).WaitAsync(options.AnswerWithin, time, ending))
            {
                return connection;
            }
        }
        catch (Exception e) when (e is RpcException or TimeoutException or OperationCanceledException)
        {
            log.LogDebug("{Gateway} is not there yet.", gateway.Name);
        }

        connection.Dispose();
        return null;
    }

    private void Say(Gateway here, Gateway? home, string why, Visit visit, GatewayRound round)
    {
        if (home is not null)
        {
            log.LogInformation("Going back from {Gateway} to {Home}.", here.Name, home.Name);
            return;
        }

        // Once, not at each of the attempts that follow.
        var level = visit.AnsweredAt is not null || round.Failures == 0 ? LogLevel.Warning : LogLevel.Debug;
        log.Log(level, "The control plane is away at {Gateway} ({Why}); what is known stays in force.", here.Name, why);
    }

    private sealed class Visit
    {
        public long? AnsweredAt { get; set; }
    }
}
