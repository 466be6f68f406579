using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;

namespace Mesh.Simulation.Experiments;

/// <summary>What came of many endpoints' failing together.</summary>
public sealed record CorrelatedResult
{
    /// <summary>The most endpoints that were turned away by at least one client at one moment.</summary>
    public required int Union { get; init; }

    /// <summary>The most that one client turned away at one moment.</summary>
    public required int OfOne { get; init; }

    /// <summary>How long the union was beyond the budget, all in all.</summary>
    public required TimeSpan Beyond { get; init; }

    /// <summary>The union, by seconds since it began.</summary>
    public required IReadOnlyList<(double Seconds, double Union)> Curve { get; init; }

    /// <summary>The mesh's ejections, with what is wrong with their evidence.</summary>
    public required EvidenceIsTrue Evidence { get; init; }
}

/// <summary>Most endpoints fail every request: a broken dependency, which no ejection can heal.</summary>
public sealed record CorrelatedSetup : MeshSetup
{
    public int Failing { get; init; } = 12;

    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How many endpoints the policy lets be ejected.</summary>
    public int Budget => Policy.OutlierDetection.MaxEjectionPercent * Endpoints / 100;

    public CorrelatedResult Run(ulong seed, bool perProxy)
    {
        using var world = Build(seed, perProxy);
        world.Begin();
        var away = new TurnedAway(world);
        var evidence = new EvidenceIsTrue();
        evidence.Watch(world);
        world.Simulator.RunUntil(Simulator.Start + world.Dice.Between(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30)));
        var began = world.Simulator.Now;
        foreach (var backend in world.Backends.OrderBy(_ => world.Dice.NextDouble()).Take(Failing).ToList())
        {
            backend.FailureRate = 1;
        }

        var (union, one, last, beyond) = (0, 0, began, TimeSpan.Zero);
        var before = 0;
        var curve = new List<(double, double)> { (0, 0) };
        away.Changed += () =>
        {
            beyond += before > Budget ? world.Simulator.Now - last : TimeSpan.Zero;
            (before, last) = (away.Union, world.Simulator.Now);
            (union, one) = (Math.Max(union, before), Math.Max(one, away.MostOfOne));
            curve.Add(((last - began).TotalSeconds, before));
        };
        world.Simulator.RunUntil(began + Length);
        beyond += before > Budget ? world.Simulator.Now - last : TimeSpan.Zero;
        return new CorrelatedResult { Union = union, OfOne = one, Beyond = beyond, Curve = curve, Evidence = evidence };
    }
}
