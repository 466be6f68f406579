using System.Collections.Immutable;
using Mesh.Contracts;
using Orleans;

namespace Mesh.Grains.Cluster;

/// <summary>Who has spoken lately, in memory.</summary>
public sealed class GatewayRosterGrain(TimeProvider time) : Grain, IGatewayRosterGrain
{
    private readonly Dictionary<string, (GatewayView Gateway, DateTimeOffset At)> _heard = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task<ImmutableArray<GatewayHeard>> Announce(GatewayView gateway)
    {
        if (_heard.Count < MeshLimits.Gateways || _heard.ContainsKey(gateway.Id))
        {
            _heard[gateway.Id] = (gateway, time.GetUtcNow());
        }

        return List();
    }

    /// <inheritdoc/>
    public Task Leave(string id)
    {
        _heard.Remove(id);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<GatewayHeard>> List()
    {
        var now = time.GetUtcNow();
        foreach (var gone in _heard.Where(heard => now - heard.Value.At > MeshLimits.GatewayForgotten).Select(heard => heard.Key).ToList())
        {
            _heard.Remove(gone);
        }

        return Task.FromResult<ImmutableArray<GatewayHeard>>(
            [.. _heard.Values.Select(heard => new GatewayHeard(heard.Gateway, now - heard.At)).OrderBy(heard => heard.Gateway.Name, StringComparer.Ordinal).ThenBy(heard => heard.Gateway.Rest, StringComparer.Ordinal)]);
    }
}
