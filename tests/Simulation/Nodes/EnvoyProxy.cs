using Mesh.Core.Policies;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Baseline;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>A proxy that judges by itself alone, as Envoy does; it picks at random among those in rotation, and among all in a panic.</summary>
public sealed class EnvoyProxy : IClient
{
    private const double PanicThreshold = 50;

    private readonly World _world;
    private readonly Dice _dice;
    private readonly EnvoyOutlierDetector _detector;
    private readonly List<Backend> _all;
    private List<Backend> _usable;
    private int _known;

    public EnvoyProxy(World world, string name, OutlierDetection config)
    {
        (_world, Name) = (world, name);
        _dice = world.Dice.For(name);
        _detector = new EnvoyOutlierDetector(config, _dice);
        _all = [.. world.Backends];
        _usable = _all;
        _detector.SetHosts(_all.Select(backend => backend.Key));
        world.Simulator.After(_dice.Exponential(world.Options.MeanGap), Request);
        world.Simulator.Every(_dice.Between(TimeSpan.Zero, config.Interval), config.Interval, () =>
        {
            _detector.Sweep(world.Simulator.Now);
            Refresh();
            return true;
        });
    }

    public string Name { get; }

    public EnvoyOutlierDetector Detector => _detector;

    public IEnumerable<string> TurnedAway => _all.Where(backend => _detector.IsEjected(backend.Key)).Select(backend => backend.Key);

    private void Refresh()
    {
        var active = _detector.EjectionsActive;
        var healthy = active == 0 ? _all : _all.FindAll(backend => !_detector.IsEjected(backend.Key));
        _usable = 100.0 * healthy.Count < PanicThreshold * _all.Count ? _all : healthy;
        if (active != _known || active > 0)
        {
            _known = active;
            _world.Turned(this);
        }
    }

    private void Request()
    {
        _world.Simulator.After(_dice.Exponential(_world.Options.MeanGap), Request);
        var backend = _usable[_dice.Next(_usable.Count)];
        var result = backend.Serve(_dice);
        _world.Traffic.Ended(Name, backend.Key, result);
        var ejections = _detector.Ejections;
        _detector.Put(backend.Key, result, _world.Simulator.Now);
        if (_detector.Ejections != ejections)
        {
            Refresh();
        }
    }
}
