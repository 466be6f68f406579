using Mesh.Simulation.Cluster.Hosts;
using Orleans.Runtime;

namespace Mesh.Simulation.Cluster.Gateways;

/// <summary>A gateway in a process of its own: a client of the cluster, which has no grains and asks them through one silo, and through another when that is gone.</summary>
public sealed class GatewayNode(ClusterWorld cluster, string name) : Host(cluster.Simulator, name), IGrainProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly List<Turn> _under = [];
    private string? _silo;
    private GrainRuntime? _runtime;

    /// <summary>Null while the process is down.</summary>
    public ClusterGateway? Gateway { get; private set; }

    GrainRuntime IGrainProcess.Runtime => _runtime!;

    Host IGrainProcess.Host => this;

    public void Boot()
    {
        if (State != HostState.Down)
        {
            return;
        }

        Begin();
        _under.Clear();
        _silo = null;
        _runtime = GrainProcess.Build(cluster, this, cluster.Dice.For(Name));
        Gateway = new ClusterGateway(cluster, this);
        Gateway.Begin();
        _ = Start(Watch);
    }

    public void Kill()
    {
        if (State != HostState.Down)
        {
            End();
            Gateway?.Dispose();
            Gateway = null;
            _runtime?.Dispose();
            cluster.Simulator.After(TimeSpan.FromSeconds(2), Boot);
        }
    }

    void IGrainProcess.Bring(GrainId grain, Turn turn)
    {
        _silo ??= cluster.AnySilo(this);
        if (_silo is null)
        {
            turn.Reject(new OrleansException("No silo can be reached."));
            return;
        }

        _under.RemoveAll(call => call.IsOver);
        _under.Add(turn);
        cluster.Post(this, _silo, silo => ((IGrainProcess)silo).Bring(grain, turn));
    }

    void IGrainProcess.Removed(GrainId grain)
    {
    }

    /// <summary>Looks whether the silo is there that it asks through.</summary>
    private async Task Watch()
    {
        while (true)
        {
            await Wait(Patience);
            if (_silo is null)
            {
                continue;
            }

            try
            {
                if (!await cluster.Ask(this, _silo, silo => Task.FromResult(silo.Ready && !silo.Draining), Patience))
                {
                    _silo = null;
                }
            }
            catch (TimeoutException)
            {
                cluster.Journal.Note($"{Name} has lost {_silo}");
                _silo = null;
                foreach (var turn in _under)
                {
                    turn.Reject(new OrleansException("The silo that was asked through is gone; whether the call had an effect is unknown."));
                }

                _under.Clear();
            }
        }
    }
}
