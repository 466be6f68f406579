using Mesh.Proxy.Model;
using Mesh.Simulation.Nodes;
using Mesh.Xds;

namespace Mesh.Simulation.Experiments;

/// <summary>
/// Whom which client sends nothing to by a verdict: for our proxies what they were told, for Envoy's what each decided itself. Panic is left out, in which
/// both would send to everybody: it is about what was decided.
/// </summary>
public sealed class TurnedAway
{
    private readonly Dictionary<string, HashSet<string>> _byClient = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _clients = new(StringComparer.Ordinal);
    private readonly int _all;

    public TurnedAway(World world)
    {
        _all = world.Clients.Count;
        foreach (var proxy in world.Proxies)
        {
            proxy.Took += (who, _, response, _) =>
            {
                if (response.TypeUrl == ResourceTypes.EndpointsUrl)
                {
                    Now(who.Name, who.Endpoints?.Endpoints.Where(e => e.Health == EndpointHealth.Unhealthy).Select(e => e.Key) ?? []);
                }
            };
        }

        world.Turning += client => Now(client.Name, client.TurnedAway);
    }

    /// <summary>Something about it changed.</summary>
    public event Action? Changed;

    /// <summary>Endpoints that at least one client turns away.</summary>
    public int Union => _clients.Count;

    /// <summary>How many clients turn an endpoint away.</summary>
    public int Clients(string key) => _clients.GetValueOrDefault(key);

    /// <summary>Whether all do.</summary>
    public bool Everywhere(string key) => Clients(key) == _all;

    /// <summary>The most that one client turns away.</summary>
    public int MostOfOne => _byClient.Values.Select(keys => keys.Count).DefaultIfEmpty(0).Max();

    private void Now(string client, IEnumerable<string> keys)
    {
        var after = keys.ToHashSet(StringComparer.Ordinal);
        var before = _byClient.GetValueOrDefault(client) ?? [];
        if (after.SetEquals(before))
        {
            return;
        }

        _byClient[client] = after;
        foreach (var key in before.Where(key => !after.Contains(key)))
        {
            if (--_clients[key] == 0)
            {
                _clients.Remove(key);
            }
        }

        foreach (var key in after.Where(key => !before.Contains(key)))
        {
            _clients[key] = Clients(key) + 1;
        }

        Changed?.Invoke();
    }
}
