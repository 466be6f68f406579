using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Gateway.Streams;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mesh.Gateway.Rest.Status;

/// <summary>Tells the others of this gateway, every few seconds, and keeps what it heard of them for when nobody answers.</summary>
internal sealed class GatewayAnnouncer(
    IServiceProvider services, IGrainFactory grains, MeshIdentity identity, IMeshView view, IProxyRegistry proxies, Reporters reporters, Readiness readiness,
    TimeProvider time, ILogger<GatewayAnnouncer> logger) : BackgroundService
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(4);

    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private (ImmutableArray<GatewayHeard> Gateways, DateTimeOffset At) _heard = ([], DateTimeOffset.MinValue);

    /// <summary>What was heard last, and how long ago that is; not this gateway.</summary>
    public (IEnumerable<GatewayHeard> Others, TimeSpan Ago) Heard => (_heard.Gateways.Where(heard => heard.Gateway.Id != _id), time.GetUtcNow() - _heard.At);

    private IGatewayRosterGrain Roster => grains.GetGrain<IGatewayRosterGrain>(0);

    /// <summary>This gateway, as it is now. It asks nobody: readiness is what was found last.</summary>
    public GatewayView Me()
    {
        var (grpc, rest) = Addresses();
        var found = readiness.Last;
        return new()
        {
            Id = _id,
            Name = identity.Name,
            Silo = identity.Silo(services),
            Rest = rest,
            Grpc = grpc,
            Version = identity.Product,
            Started = _started,
            Ready = found?.Ready ?? view.Ready,
            Complaints = found is null ? [] : [.. found.Checks.Where(static check => !check.Ok).Select(static check => $"{check.Name}: {check.Detail}")],
            Services = view.Services.Count,
            AdsStreams = proxies.Count,
            LrsStreams = reporters.Count,
            Stores = [.. services.GetServices<IStoreHealth>().Select(static store => store.Current)],
        };
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Roster.Leave(_id).WaitAsync(Farewell, time, cancellationToken);
        }
        catch (Exception)
        {
            // Who is silent is forgotten.
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(MeshLimits.GatewayAnnounces, time);
        try
        {
            do
            {
                await Announce(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task Announce(CancellationToken stopping)
    {
        try
        {
            await readiness.Ask().WaitAsync(AnswerWithin, time, stopping);
            _heard = (await Roster.Announce(Me()).WaitAsync(AnswerWithin, time, stopping), time.GetUtcNow());
        }
        catch (Exception lost) when (lost is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            logger.LogDebug(lost, "This gateway could not tell of itself; it tries again in {Period}", MeshLimits.GatewayAnnounces);
        }
    }

    /// <summary>Where it listens; where that is on all addresses, the host that its operator named.</summary>
    private (string OfGrpc, string OfRest) Addresses()
    {
        var listening = services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.Select(Reachable).ToArray() ?? [];
        return listening is [var grpc, var rest, ..] ? (grpc, rest) : ("", "");
    }

    private string Reachable(string address)
    {
        var uri = new UriBuilder(address);
        return $"{(uri.Host is "0.0.0.0" or "[::]" ? identity.Host : uri.Host)}:{uri.Port}";
    }
}
