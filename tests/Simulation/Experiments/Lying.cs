using Mesh.Core.Policies;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;

namespace Mesh.Simulation.Experiments;

/// <summary>What one lying proxy could do.</summary>
/// <param name="Evidence">Ejections, with what is wrong with their evidence as far as figures go.</param>
/// <param name="MostOut">The most endpoints that were out at a time.</param>
/// <param name="Away">How long the victim was turned away everywhere, in all.</param>
public sealed record LyingResult(EvidenceIsTrue Evidence, int MostOut, TimeSpan Away);

/// <summary>One proxy of many says that endpoints fail which all others see to be well.</summary>
public sealed record LyingSetup
{
    public int Proxies { get; init; } = 20;

    public int Endpoints { get; init; } = 20;

    public double RequestsPerSecond { get; init; } = 2000;

    public TrafficPolicy Policy { get; init; } = TrafficPolicy.Default;

    /// <summary>What it says of an endpoint (<c>address:port</c>).</summary>
    public required Func<string, ILie> Lie { get; init; }

    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The proxy that lies.</summary>
    public const string Liar = "proxy-1";

    public LyingResult Run(ulong seed)
    {
        using var world = new World(new WorldOptions
        {
            Seed = seed,
            Proxies = Proxies,
            Endpoints = Endpoints,
            RequestsPerSecond = RequestsPerSecond,
            Policy = Policy,
        });
        world.Begin();
        var (evidence, away) = (new EvidenceIsTrue(), new TurnedAway(world));
        evidence.Watch(world);
        var victim = world.Dice.OneOf(world.Backends);
        var (most, gone) = (0, TimeSpan.Zero);
        away.Changed += () => most = Math.Max(most, away.MostOfOne);
        world.Simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(20));
        world.Proxies.Single(proxy => proxy.Name == Liar).Lie = Lie(victim.Key);
        world.Simulator.Every(TimeSpan.Zero, TimeSpan.FromMilliseconds(100), () =>
        {
            gone += away.Everywhere(victim.Key) ? TimeSpan.FromMilliseconds(100) : TimeSpan.Zero;
            return true;
        });
        world.Simulator.RunUntil(world.Simulator.Now + Length);
        return new LyingResult(evidence, most, gone);
    }
}
