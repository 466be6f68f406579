using Mesh.Simulation.Cluster.Directory;
using Mesh.Simulation.Cluster.Gateways;
using Mesh.Simulation.Cluster.Membership;
using Mesh.Simulation.Engine;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>
/// A silo: the real grains on the embedded runtime, with the membership, the directory and the network of a cluster around it. What lives between two starts is its name
/// alone. It is started again some seconds after it went, as a supervisor does, unless somebody says otherwise.
/// </summary>
public sealed class SiloNode : Host, IGrainProcess
{
    private const int MostHops = 3;
    private static readonly TimeSpan DirectoryPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(10);

    private readonly ClusterWorld _cluster;
    private readonly Dictionary<GrainId, List<Turn>> _arriving = [];
    private readonly List<(string To, Turn Turn)> _under = [];
    private GrainRuntime? _runtime;
    private DirectoryPart _directory = null!;

    public SiloNode(ClusterWorld cluster, string name)
        : base(cluster.Simulator, name)
    {
        _cluster = cluster;
        Dice = cluster.Dice.For(name);
    }

    public Dice Dice { get; }

    public MembershipAgent Agent { get; private set; } = null!;

    /// <summary>The gateway inside it; null while it has none.</summary>
    public ClusterGateway? Gateway { get; private set; }

    /// <summary>It takes part.</summary>
    public bool Ready { get; private set; }

    public bool Draining { get; private set; }

    /// <summary>It is not started again when it goes.</summary>
    public bool KeptDown { get; set; }

    /// <summary>What it has, and what it is about to have.</summary>
    internal IEnumerable<GrainId> Grains => [.. _runtime!.Activations.Union(_arriving.Keys).OrderBy(id => id.ToString(), StringComparer.Ordinal)];

    internal DirectoryPart Directory => _directory;

    internal bool Has(GrainId grain) => _runtime!.Has(grain);

    GrainRuntime IGrainProcess.Runtime => _runtime!;

    Host IGrainProcess.Host => this;

    /// <summary>Starts it as a new process.</summary>
    public void Boot()
    {
        if (State != HostState.Down)
        {
            return;
        }

        Begin();
        (Ready, Draining) = (false, false);
        _arriving.Clear();
        _under.Clear();
        Agent = new MembershipAgent(this, _cluster, _cluster.Options.Membership);
        _directory = new DirectoryPart(this, _cluster);
        _runtime = GrainProcess.Build(_cluster, this, Dice);
        _ = Start(async () =>
        {
            await Wait(Dice.Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2)));
            await Agent.Join();
            Ready = true;
            _cluster.Journal.Note($"{Address} joins");
            if (_cluster.Options.GatewaysInside)
            {
                Gateway = new ClusterGateway(_cluster, this);
                Gateway.Begin();
            }
        });
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        if (State == HostState.Down)
        {
            return;
        }

        End();
        _cluster.Ends.Add(_cluster.Simulator.Now);
        Ready = false;
        Gateway?.Dispose();
        Gateway = null;
        _runtime?.Dispose();
        if (!KeptDown)
        {
            _cluster.Simulator.After(Dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)), Boot);
        }
    }

    /// <summary>SIGTERM: it says that it leaves, gives its grains away, and goes.</summary>
    public void Drain()
    {
        if (State != HostState.Running || !Ready || Draining)
        {
            return;
        }

        Draining = true;
        _ = Start(async () =>
        {
            await Agent.Leave(MemberStatus.ShuttingDown);
            Gateway?.Drain();
            var until = Clock.GetUtcNow() + DrainPatience;
            while (Grains.Any() && Clock.GetUtcNow() < until)
            {
                foreach (var grain in Grains)
                {
                    _runtime!.Deactivate(grain, new(DeactivationReasonCode.ShuttingDown, "The silo is stopping."));
                }

                await Wait(TimeSpan.FromMilliseconds(50));
            }

            await Agent.Leave(MemberStatus.Dead);
            _cluster.Journal.Note($"{Address} has gone in good order");
            Kill();
        });
    }

    void IGrainProcess.Bring(GrainId grain, Turn turn) => _ = Start(() => Bring(grain, turn, 0));

    void IGrainProcess.Removed(GrainId grain)
    {
        if (Ring.Owner(Agent.View.Active, grain.ToString()) is { } owner)
        {
            _cluster.Post(this, owner, silo => silo.Directory.Forget(grain, Address));
        }
    }

    /// <summary>A call for a grain that somebody thinks is here.</summary>
    internal void Arrive(GrainId grain, Turn turn, int hops)
    {
        if (_runtime!.Has(grain))
        {
            _runtime.Accept(grain, turn);
        }
        else if (_arriving.TryGetValue(grain, out var waiting))
        {
            waiting.Add(turn);
        }
        else
        {
            _arriving[grain] = [turn];
            _ = Start(() => Settle(grain, hops));
        }
    }

    internal void TakeDown(GrainId grain) => _runtime!.Deactivate(grain, new(DeactivationReasonCode.DuplicateActivation, "It is elsewhere too."));

    /// <summary>A silo is gone: what was asked of it will not be answered.</summary>
    internal void Gone(string silo)
    {
        foreach (var (_, turn) in _under.Where(call => call.To == silo).ToList())
        {
            turn.Reject(new OrleansException($"{silo} is gone; whether the call had an effect is unknown."));
        }

        _under.RemoveAll(call => call.To == silo);
    }

    internal void Viewed(TableView before, TableView after)
    {
        if (!before.Active.SequenceEqual(after.Active) || before.Members.Values.Count(row => row.Status == MemberStatus.Dead) != after.Members.Values.Count(row => row.Status == MemberStatus.Dead))
        {
            _ = Start(_directory.Rebuild);
        }
    }

    private async Task Bring(GrainId grain, Turn turn, int hops)
    {
        if (_runtime!.Has(grain) || GrainProcess.IsLocal(_runtime, grain))
        {
            _runtime.Accept(grain, turn);
            return;
        }

        try
        {
            var place = await Locate(grain, null) ?? Place(grain);
            if (place == Address)
            {
                Arrive(grain, turn, hops);
            }
            else
            {
                _under.RemoveAll(call => call.Turn.IsOver);
                _under.Add((place, turn));
                _cluster.Post(this, place, silo => silo.Arrive(grain, turn, hops));
            }
        }
        catch (OrleansException e)
        {
            turn.Reject(e);
        }
    }

    /// <summary>Makes the activation if this is the place for it; else the calls go to where that is.</summary>
    private async Task Settle(GrainId grain, int hops)
    {
        string? place = null;
        OrleansException? failure = null;
        try
        {
            place = Draining ? null : await Locate(grain, Address);
        }
        catch (OrleansException e)
        {
            failure = e;
        }

        _arriving.Remove(grain, out var turns);
        foreach (var turn in turns!)
        {
            if (failure is not null || (place != Address && hops >= MostHops))
            {
                turn.Reject(failure ?? new OrleansException($"{grain} was nowhere to be found."));
            }
            else if (place == Address)
            {
                _cluster.Activating(this, grain);
                _runtime!.Accept(grain, turn);
            }
            else
            {
                await Bring(grain, turn, hops + 1);
            }
        }
    }

    private string Place(GrainId grain)
    {
        var silos = Agent.View.Active;
        return silos.Count == 0 ? throw new OrleansException("No silo takes part.")
            : GrainProcess.IsOfSilo(_runtime!, grain) ? silos.Contains(grain.Key.ToString()!) ? grain.Key.ToString()! : Address
            : Dice.OneOf(silos);
    }

    private async Task<string?> Locate(GrainId grain, string? place)
    {
        for (var tries = 0; tries < 5; tries++)
        {
            var view = Agent.View;
            if (Ring.Owner(view.Active, grain.ToString()) is { } owner)
            {
                try
                {
                    return await _cluster.Ask(this, owner, silo => silo.Directory.Find(grain, place, view.Version), DirectoryPatience);
                }
                catch (OrleansException)
                {
                    await Agent.Refresh();
                }
                catch (TimeoutException)
                {
                    // It may be about to be declared dead, and another then has its part.
                }
            }

            await Wait(TimeSpan.FromMilliseconds(100));
        }

        throw new OrleansException($"The directory does not know where {grain} is.");
    }
}
