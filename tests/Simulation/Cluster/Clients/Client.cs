using Mesh.Core;
using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Engine;
using Orleans;

namespace Mesh.Simulation.Cluster.Clients;

/// <summary>
/// Somebody outside who asks gateways for something, and asks again, the same gateway or another, until somebody has answered. It does not know what became of an attempt
/// without an answer; that is what operation ids are for.
/// </summary>
public sealed class Client : Host
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly ClusterWorld _cluster;

    public Client(ClusterWorld cluster, string name)
        : base(cluster.Simulator, name)
    {
        _cluster = cluster;
        Dice = cluster.Dice.For(name);
        Begin();
    }

    public Dice Dice { get; }

    /// <summary>Asks until there is an answer.</summary>
    /// <param name="operation">The id of what is asked for; each attempt has the same.</param>
    /// <param name="ask">Asks once.</param>
    public async Task<Outcome<T>> Ask<T>(string operation, Func<IGrainFactory, string, Task<Outcome<T>>> ask)
    {
        for (var attempt = 1; ; attempt++)
        {
            var named = _cluster.Bug == ClusterBug.NoOperationIds ? $"{operation}.{attempt}" : operation;
            try
            {
                var gateways = _cluster.Gateways.Where(gateway => !gateway.Draining).ToList();
                if (gateways.Count > 0)
                {
                    var gateway = Dice.OneOf(gateways);
                    return await _cluster.Wire.Ask(this, gateway.Host, gateway.Host.Life, () => ask(gateway.Grains, named), Patience);
                }
            }
            catch (Exception)
            {
                // A time-out, or what a gateway answers 503 to: nobody knows.
            }

            await Wait(Dice.Between(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1)));
        }
    }

    /// <summary>Asks some gateway once.</summary>
    public Task<T> Once<T>(Func<IGrainFactory, Task<T>> ask)
    {
        var gateway = Dice.OneOf(_cluster.Gateways);
        return _cluster.Wire.Ask(this, gateway.Host, gateway.Host.Life, () => ask(gateway.Grains), Patience);
    }
}
