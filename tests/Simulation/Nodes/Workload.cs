using Mesh.Core.Health;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// The owner of a backend: registers it, renews its lease three times in the length of it, and registers again when nobody knows it. Its requests get
/// lost like everybody's; it tries until it is told that it worked.
/// </summary>
public sealed class Workload
{
    private readonly World _world;
    private readonly Backend _backend;
    private readonly Dice _dice;
    private int _instance;
    private long _try;

    public Workload(World world, Backend backend)
    {
        (_world, _backend) = (world, backend);
        _dice = world.Dice.For($"owner of {backend.Id}");
        Join();
    }

    public Backend Backend => _backend;

    /// <summary>Whether it wants to be registered.</summary>
    public bool Wanted { get; private set; }

    /// <summary>It renews nothing, as if its process hung.</summary>
    public bool Silent { get; set; }

    /// <summary>Whether it was told that it is registered.</summary>
    public bool Registered { get; private set; }

    /// <summary>It comes, as a new process.</summary>
    public void Join()
    {
        Wanted = true;
        _instance++;
        Register();
    }

    /// <summary>It leaves, in good order.</summary>
    public void Leave()
    {
        (Wanted, Registered) = (false, false);
        Ask((model, now) => model.Deregister(_backend.Id, now), () => { });
    }

    private EndpointSpec Spec() => new()
    {
        Id = _backend.Id,
        Address = _backend.Address,
        Port = _backend.Port,
        Locality = _backend.Locality,
        InstanceId = $"{_backend.Id}-{_instance}",
        Lease = _world.Options.Lease,
    };

    private void Register() => Ask((model, now) => model.Register(Spec(), now), () =>
    {
        Registered = Wanted;
        if (_world.Options.Lease is { } lease)
        {
            _world.Simulator.After(lease / 3, Renew);
        }
    });

    private void Renew()
    {
        if (!Wanted)
        {
            return;
        }

        if (Silent)
        {
            _world.Simulator.After(_world.Options.Lease!.Value / 3, Renew);
            return;
        }

        var known = false;
        Ask((model, now) => known = model.Renew(_backend.Id, now), () =>
        {
            if (known)
            {
                _world.Simulator.After(_world.Options.Lease!.Value / 3, Renew);
            }
            else
            {
                Register();
            }
        });
    }

    /// <summary>Asks until somebody has answered; what is asked for later takes the place of what was asked before.</summary>
    private void Ask(Action<Core.Verdicts.ServiceModel, DateTimeOffset> act, Action done)
    {
        var mine = ++_try;
        var tries = 0;
        Attempt();

        void Attempt()
        {
            if (mine != _try)
            {
                return;
            }

            var number = ++tries;
            _world.Network.Send(_backend.Id, Silo.Name, () =>
            {
                if (mine == _try)
                {
                    _world.Silo.Do(act, written => _world.Network.Send(Silo.Name, _backend.Id, () => Answered(number, written)));
                }
            });
            _world.Simulator.After(TimeSpan.FromSeconds(1) + _dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => Answered(number, false));
        }

        void Answered(int number, bool written)
        {
            if (mine != _try || number != tries)
            {
                return;
            }

            if (written)
            {
                mine = -1;
                done();
            }
            else
            {
                Attempt();
            }
        }
    }
}
