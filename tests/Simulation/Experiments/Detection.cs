using Mesh.Core.Outliers;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;

namespace Mesh.Simulation.Experiments;

/// <summary>What came of one endpoint's failing.</summary>
public sealed record DetectionResult
{
    /// <summary>Requests that it failed until no client sent it any more, or until the end.</summary>
    public required long Failed { get; init; }

    /// <summary>From its first failure until no client sent it any more; null when that never was.</summary>
    public TimeSpan? Gone { get; init; }

    /// <summary>From its first failure to the first verdict on it; null when there was none.</summary>
    public TimeSpan? Decided { get; init; }

    /// <summary>By which detector; null when there was no verdict of the mesh.</summary>
    public OutlierDetector? Detector { get; init; }

    /// <summary>Ejections of it, over all clients; those of the mesh count once.</summary>
    public long Ejections { get; init; }

    /// <summary>Ejections of others.</summary>
    public long Others { get; init; }

    /// <summary>The share of client-time in which it was turned away, from its first failure to the end, 0 to 1.</summary>
    public double TurnedAway { get; init; }

    /// <summary>Failed requests so far, by seconds since it began.</summary>
    public IReadOnlyList<(double Seconds, double Failed)> Curve { get; init; } = [];

    /// <summary>The mesh's ejections, with what is wrong with their evidence.</summary>
    public required EvidenceIsTrue Evidence { get; init; }
}

/// <summary>One endpoint of many begins to fail: how long does it take, and how many requests?</summary>
public sealed record DetectionSetup : MeshSetup
{
    /// <summary>The share of its requests that the one fails.</summary>
    public double FailureRate { get; init; } = 1;

    /// <summary>The share that all others fail, and itself before.</summary>
    public double BaseRate { get; init; }

    /// <summary>How long it is watched at most.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether to go on to the limit when it is gone everywhere.</summary>
    public bool ToTheLimit { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="perProxy">Each proxy judges by itself, as Envoy does.</param>
    public DetectionResult Run(ulong seed, bool perProxy)
    {
        using var world = Build(seed, perProxy, BaseRate);
        world.Begin();
        var watch = new Watch(world, this);
        // At no special moment of the reports' and the sweeps' rhythm.
        var victim = world.Dice.OneOf(world.Backends);
        world.Simulator.RunUntil(Simulator.Start + world.Dice.Between(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30)));
        watch.Begin(victim);
        while (world.Simulator.Now < watch.Began + Limit && (ToTheLimit || !watch.IsGone))
        {
            world.Simulator.RunUntil(world.Simulator.Now + TimeSpan.FromMilliseconds(50));
            watch.Sample();
        }

        return watch.Result();
    }

    private sealed class Watch
    {
        private readonly World _world;
        private readonly DetectionSetup _setup;
        private readonly TurnedAway _away;
        private readonly EvidenceIsTrue _evidence = new();
        private readonly List<(double, double)> _curve = [(0, 0)];
        private Backend? _victim;
        private long _failedBefore;
        private long _failed;
        private double _turned;
        private long _samples;
        private TimeSpan? _gone;

        public Watch(World world, DetectionSetup setup)
        {
            (_world, _setup) = (world, setup);
            _away = new TurnedAway(world);
            _away.Changed += Look;
            _evidence.Watch(world);
        }

        public DateTimeOffset Began { get; private set; }

        public bool IsGone => _gone is not null;

        public void Begin(Backend victim)
        {
            (_victim, Began, _failedBefore) = (victim, _world.Simulator.Now, victim.Failed);
            victim.FailureRate = _setup.FailureRate;
        }

        public void Sample()
        {
            _curve.Add(((_world.Simulator.Now - Began).TotalSeconds, _victim!.Failed - _failedBefore));
            _turned += (double)_away.Clients(_victim.Key) / _setup.Proxies;
            _samples++;
        }

        public DetectionResult Result()
        {
            var ejections = _evidence.Ejections;
            var first = ejections.FirstOrDefault(entry => entry.EndpointId == _victim!.Id && entry.At >= Began);
            var envoys = _world.Clients.OfType<EnvoyProxy>().ToList();
            return new DetectionResult
            {
                Failed = IsGone ? _failed : _victim!.Failed - _failedBefore,
                Gone = _gone,
                Decided = first?.At - Began,
                Detector = first?.Evidence?.Detector,
                Ejections = ejections.Count(entry => entry.EndpointId == _victim!.Id) + envoys.Sum(envoy => envoy.Detector.EjectionsOf(_victim!.Key)),
                Others = ejections.Count(entry => entry.EndpointId != _victim!.Id) + envoys.Sum(envoy => envoy.Detector.Ejections - envoy.Detector.EjectionsOf(_victim!.Key)),
                TurnedAway = _samples == 0 ? 0 : _turned / _samples,
                Curve = _curve,
                Evidence = _evidence,
            };
        }

        private void Look()
        {
            if (_victim is not null && !IsGone && _away.Everywhere(_victim.Key))
            {
                (_gone, _failed) = (_world.Simulator.Now - Began, _victim.Failed - _failedBefore);
            }
        }
    }
}
