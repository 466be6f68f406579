using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Mesh.Api;

namespace Mesh.Demo.Story;

/// <summary>
/// Registrations and policies that are written while something dies, and what of them was acknowledged. What was not may be there or not; what was
/// must be.
/// </summary>
internal sealed class Writing(Cast cast)
{
    private readonly ConcurrentDictionary<(string Service, string Id), byte> _registrations = new();
    private readonly ConcurrentDictionary<string, byte> _policies = new();
    private long _slowest;
    private int _refused;

    /// <summary>How many of each were acknowledged and not missed since.</summary>
    public (int Registrations, int Policies) Acknowledged => (_registrations.Count, _policies.Count);

    /// <summary>How long the slowest took since this was asked last, and how many were refused or not answered.</summary>
    public (TimeSpan Slowest, int Refused) Take() => (new TimeSpan(Interlocked.Exchange(ref _slowest, 0)), Interlocked.Exchange(ref _refused, 0));

    /// <summary>Counts what is there from the beginning.</summary>
    public void Begin()
    {
        foreach (var backend in cast.Backends)
        {
            _registrations[(Cast.Service, backend.Id)] = 0;
        }

        _policies[Cast.Service] = 0;
    }

    /// <summary>
    /// Writes until it is told to end; where there is one control plane only, until that is gone, so that a kill finds writes under way. No service
    /// grows beyond 50 endpoints.
    /// </summary>
    public async Task Write(int cycle, int writer, CancellationToken cancel)
    {
        for (var n = 0; n < 5_000 && !cancel.IsCancellationRequested; n++)
        {
            var service = string.Create(CultureInfo.InvariantCulture, $"ledger-{cycle}-{writer}-{n / 50}");
            var id = string.Create(CultureInfo.InvariantCulture, $"w{n}");
            // Nobody listens there, and nobody calls it: it only has to be remembered.
            var body = new EndpointPut { Address = "127.0.0.2", Port = 1_000 + n, InstanceId = $"{service}-{id}" };
            if (!await Timed(() => cast.ControlPlane.Register(service, id, body, cancel), () => _registrations[(service, id)] = 0, cancel)
                || (n % 4 == 0 && !await Timed(() => cast.ControlPlane.Apply($"{service}-{id}", PolicyFor($"{service}-{id}"), cancel), () => _policies[$"{service}-{id}"] = 0, cancel)))
            {
                return;
            }
        }
    }

    /// <summary>How many are missing of all that were acknowledged; each is counted once.</summary>
    public async Task<(int Registrations, int Policies)> Missing(CancellationToken cancel)
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

    private async Task<bool> Timed(Func<Task<bool>> write, Action acknowledged, CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            if (await write())
            {
                acknowledged();
            }
            else
            {
                Interlocked.Increment(ref _refused);
            }
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException or IOException)
        {
            if (cancel.IsCancellationRequested || !cast.ControlPlane.HasOthers)
            {
                return false;
            }

            Interlocked.Increment(ref _refused);
        }

        var took = Stopwatch.GetElapsedTime(start).Ticks;
        for (var seen = Interlocked.Read(ref _slowest); took > seen && Interlocked.CompareExchange(ref _slowest, took, seen) != seen;)
        {
            seen = Interlocked.Read(ref _slowest);
        }

        return true;
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
}
