using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Mesh.Api;
using Mesh.Demo.Actors;
using Mesh.Demo.Load;

namespace Mesh.Demo.Story;

/// <summary>What one kill -9 did.</summary>
/// <param name="Registrations">Acknowledged since the kill before.</param>
/// <param name="RegistrationsLost">Of all that were ever acknowledged, those that this kill lost.</param>
/// <param name="Policies">Acknowledged since the kill before.</param>
/// <param name="PoliciesLost">Of all that were ever acknowledged, those that this kill lost.</param>
/// <param name="RequestsWhileAway">Requests that were sent while it was dead or starting.</param>
/// <param name="RequestsLost">Of those, failed.</param>
/// <param name="Ready">From its start to its readiness.</param>
/// <param name="Reconnected">From its readiness to the last proxy's being connected again; null when not in time.</param>
internal sealed record KillCycle(
    int Registrations, int RegistrationsLost, int Policies, int PoliciesLost, long RequestsWhileAway, int RequestsLost, TimeSpan Ready,
    TimeSpan? Reconnected);

/// <summary>
/// Kills the control plane while registrations and policies are being written to it, starts it again, and asks for everything that it had
/// acknowledged. What was not acknowledged may be there or not; what was must be.
/// </summary>
internal sealed class KillCycles(Cast cast, DemoOptions options)
{
    private const int Writers = 4;
    private static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<(string Service, string Id), byte> _registrations = new();
    private readonly ConcurrentDictionary<string, byte> _policies = new();

    // Only for when to kill; a seed makes runs alike.
    private readonly Random _random = new(20);

    public async Task<KillCycle> Play(int cycle, Action<string, bool> controlPlaneIs, CancellationToken cancel)
    {
        var (registrations, policies) = (_registrations.Count, _policies.Count);
        foreach (var backend in cast.Backends)
        {
            _registrations[(Cast.Service, backend.Id)] = 0;
        }

        _policies[Cast.Service] = 0;
        using var dead = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var writers = Enumerable.Range(0, Writers).Select(writer => Write(cycle, writer, dead.Token)).ToList();
        await Task.Delay(_random.Next(250, 750), cancel);
        var killed = Stopwatch.GetTimestamp();
        var sentBefore = cast.Tally.Total;
        cast.ControlPlane.Kill();
        controlPlaneIs("killed with -9", false);
        await Task.WhenAll(writers);
        await dead.CancelAsync();

        await Task.Delay(options.Kills > 1 ? TimeSpan.FromMilliseconds(300) : options.Away, cancel);
        controlPlaneIs("starting again", false);
        var ready = await cast.ControlPlane.Start(cancel);
        controlPlaneIs("ready", true);
        var reconnected = await Reconnect(cancel);

        // Requests in flight at the end are counted too: the last second belongs to the window.
        await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        var lost = cast.Tally.Losses().Count(request => request.Known >= killed);
        (registrations, policies) = (_registrations.Count - registrations, _policies.Count - policies);
        var (registrationsLost, policiesLost) = await Missing(cancel);
        return new KillCycle(
            registrations, registrationsLost, policies, policiesLost, cast.Tally.Total - sentBefore, lost, ready, reconnected);
    }

    /// <summary>Writes until the control plane is gone, so that the kill finds writes under way. No service grows beyond 50 endpoints.</summary>
    private async Task Write(int cycle, int writer, CancellationToken cancel)
    {
        for (var n = 0; n < 5_000 && !cancel.IsCancellationRequested; n++)
        {
            var service = string.Create(CultureInfo.InvariantCulture, $"ledger-{cycle}-{writer}-{n / 50}");
            var id = string.Create(CultureInfo.InvariantCulture, $"w{n}");
            try
            {
                // Nobody listens there, and nobody calls it: it only has to be remembered.
                var body = new EndpointPut { Address = "127.0.0.2", Port = 1_000 + n, InstanceId = $"{service}-{id}" };
                if (await cast.ControlPlane.Register(service, id, body, cancel))
                {
                    _registrations[(service, id)] = 0;
                }

                if (n % 4 == 0 && await cast.ControlPlane.Apply($"{service}-{id}", PolicyFor($"{service}-{id}"), cancel))
                {
                    _policies[$"{service}-{id}"] = 0;
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or TaskCanceledException or IOException)
            {
                return;
            }
        }
    }

    private static string PolicyFor(string name) => $"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: {name}
        spec:
          host: {name}
          trafficPolicy:
            loadBalancer:
              simple: RANDOM
        """;

    private async Task<TimeSpan?> Reconnect(CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < ReconnectLimit)
        {
            var connected = (await cast.ControlPlane.Proxies(cancel)).Select(proxy => proxy.Node).ToHashSet(StringComparer.Ordinal);
            if (cast.Proxies.All(proxy => connected.Contains(proxy.Id)))
            {
                return Stopwatch.GetElapsedTime(start);
            }

            await Task.Delay(50, cancel);
        }

        return null;
    }

    /// <summary>How many are missing; each is counted once.</summary>
    private async Task<(int Registrations, int Policies)> Missing(CancellationToken cancel)
    {
        var registrations = 0;
        foreach (var service in _registrations.Keys.GroupBy(key => key.Service))
        {
            var there = (await cast.ControlPlane.Endpoints(service.Key, cancel)).Select(endpoint => endpoint.Id).ToHashSet(StringComparer.Ordinal);
            registrations += service.Count(key => !there.Contains(key.Id) && _registrations.TryRemove(key, out _));
        }

        var policies = (await cast.ControlPlane.Policies(cancel)).Select(policy => policy.Name).ToHashSet(StringComparer.Ordinal);
        return (registrations, _policies.Keys.Count(name => !policies.Contains(name) && _policies.TryRemove(name, out _)));
    }
}
