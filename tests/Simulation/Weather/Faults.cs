using System.Globalization;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Weather;

/// <summary>Everything that goes wrong.</summary>
public static class Faults
{
    /// <summary>The furthest that a clock is off.</summary>
    public static readonly TimeSpan FurthestClock = TimeSpan.FromSeconds(30);

    /// <summary>The longest ejection by hand.</summary>
    public static readonly TimeSpan LongestByHand = TimeSpan.FromSeconds(20);

    private static readonly TryResult[] Failures = [TryResult.ServerError, TryResult.GatewayError, TryResult.LocalOrigin];

    public static IReadOnlyList<FaultKind<World>> All { get; } =
    [
        Kind("fails", 6, 2, 40, (world, dice) => OnBackend(world, dice, "fails every request", b => b.FailureRate = 1)),
        Kind("gray", 6, 5, 60, (world, dice) => OnBackend(world, dice, "fails 30 % of requests", b => b.FailureRate = 0.3)),
        Kind("noise", 3, 5, 60, (world, dice) => OnBackend(world, dice, "fails 2 % of requests", b => b.FailureRate = 0.02)),
        Kind("slow", 2, 5, 40, (world, dice) => OnBackend(world, dice, "is ten times as slow", b => b.Slowness = 10)),
        Kind("many", 2, 3, 40, Many),
        Kind("flaps", 3, 10, 60, Flaps),
        Kind("dies", 3, 2, 60, Dies),
        Kind("leaves", 2, 1, 40, Leaves),
        Kind("joins", 1, 1, 1, (world, _) => world.Workloads.Count >= 20 ? null : new($"{world.Join().Backend.Id} joins", () => { })),
        Kind("restart", 3, 1, 1, (world, dice) => OnProxy(world, dice, "is restarted", p => p.Restart(), _ => { })),
        Kind("stalls", 1, 3, 20, (world, dice) => OnProxy(world, dice, "reads slowly", p => p.Stalled = true, p => p.Stalled = false)),
        Kind("lies", 2, 3, 30, Lies),
        Kind("cut", 2, 1, 30, (world, dice) => OnProxy(world, dice, "is cut off", p => Cut(world, p), p => world.Network.Isolate(p.Name, false))),
        Kind("away", 1, 30, 180, ControlPlaneAway),
        Kind("break", 3, 1, 1, BreakStreams),
        Kind("gateway", 3, 0.5, 30, GatewayDies),
        Kind("silo", 4, 0.1, 20, SiloDies),
        Kind("network", 3, 3, 40, BadNetwork),
        Kind("reports", 3, 3, 40, BadReports),
        Kind("disk", 3, 2, 20, BadDisk),
        Kind("clock", 2, 5, 60, ClockOff),
        Kind("policy", 3, 1, 1, (world, dice) => PolicyChanges.Bind(world, dice)),
        Kind("hand", 2, 1, 10, ByHand),
    ];

    private static FaultKind<World> Kind(string name, int share, double least, double most, Func<World, Dice, Fault?> begin) =>
        new(name, share, TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most), begin);

    private static Fault OnBackend(World world, Dice dice, string what, Action<Backend> begin)
    {
        var backend = dice.OneOf(world.Backends);
        backend.Failure = dice.OneOf(Failures);
        begin(backend);
        return new($"{backend.Id} {what} ({backend.Failure})", backend.Heal);
    }

    private static Fault OnProxy(World world, Dice dice, string what, Action<MeshProxy> begin, Action<MeshProxy> end)
    {
        var proxy = dice.OneOf(world.Proxies);
        begin(proxy);
        return new($"{proxy.Name} {what}", () => end(proxy));
    }

    private static Fault Many(World world, Dice dice)
    {
        var share = 0.3 + 0.6 * dice.NextDouble();
        var hit = world.Backends.Where(_ => dice.Chance(share)).ToList();
        hit.ForEach(backend => backend.FailureRate = dice.Chance(0.5) ? 1 : 0.5);
        return new($"{hit.Count} of {world.Backends.Count} endpoints fail together", () => hit.ForEach(backend => backend.Heal()));
    }

    private static Fault Flaps(World world, Dice dice)
    {
        var (backend, on) = (dice.OneOf(world.Backends), true);
        world.Simulator.Every(TimeSpan.Zero, dice.Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(4)), () =>
        {
            backend.FailureRate = on ? 1 - backend.FailureRate : 0;
            return on;
        });
        return new($"{backend.Id} flaps", () =>
        {
            on = false;
            backend.Heal();
        });
    }

    private static Fault Dies(World world, Dice dice)
    {
        var workload = dice.OneOf(world.Workloads);
        (workload.Backend.Dead, workload.Silent) = (true, true);
        return new($"{workload.Backend.Id} dies, and its lease runs", () =>
        {
            workload.Backend.Heal();
            workload.Silent = false;
        });
    }

    private static Fault? Leaves(World world, Dice dice)
    {
        var there = world.Workloads.Where(workload => workload.Wanted).ToList();
        if (there.Count < 4)
        {
            return null;
        }

        var leaver = dice.OneOf(there);
        leaver.Leave();
        return new($"{leaver.Backend.Id} leaves", leaver.Join);
    }

    private static Fault Lies(World world, Dice dice)
    {
        var victim = dice.OneOf(world.Backends);
        return OnProxy(world, dice, $"lies about {victim.Id}",
            proxy => proxy.Lie = dice.Chance(0.3) ? new AbsurdFigures() : new InventedFailures(victim.Key, dice.Chance(0.5) ? 5ul : 1000ul),
            proxy => proxy.Lie = null);
    }

    private static void Cut(World world, MeshProxy proxy)
    {
        world.Network.Isolate(proxy.Name, true);
        proxy.Session?.Break();
    }

    private static Fault ControlPlaneAway(World world, Dice dice)
    {
        _ = dice;
        world.Silo.Stop();
        Each(world, gateway => gateway.Stop());
        return new("the whole control plane is away", () =>
        {
            world.Silo.Start();
            Each(world, gateway => gateway.Start());
        });
    }

    private static Fault BreakStreams(World world, Dice dice)
    {
        var share = dice.NextDouble();
        var broken = world.Proxies.Where(proxy => proxy.Session is not null && dice.Chance(share)).ToList();
        broken.ForEach(proxy => proxy.Session!.Break());
        return new($"the streams of {broken.Count} proxies break", () => { });
    }

    private static Fault? GatewayDies(World world, Dice dice)
    {
        var gateway = dice.OneOf(world.Gateways);
        gateway.Stop();
        return new($"{gateway.Name} dies", gateway.Start);
    }

    private static Fault SiloDies(World world, Dice dice)
    {
        _ = dice;
        world.Silo.Stop();
        return new("the silo dies", world.Silo.Start);
    }

    private static Fault BadNetwork(World world, Dice dice)
    {
        var network = world.Network;
        (network.Loss, network.Duplication, network.Stalls) = (0.3 * dice.NextDouble(), 0.2 * dice.NextDouble(), 0.1 * dice.NextDouble());
        return new(Text($"the network loses {network.Loss:0 %}, doubles {network.Duplication:0 %} and holds up {network.Stalls:0 %}"),
            () => (network.Loss, network.Duplication, network.Stalls) = (0, 0, 0));
    }

    private static Fault BadReports(World world, Dice dice)
    {
        var reports = world.Reports;
        (reports.Loss, reports.Duplication, reports.Lateness) = (0.3 * dice.NextDouble(), 0.3 * dice.NextDouble(), 0.3 * dice.NextDouble());
        return new(Text($"of reports {reports.Loss:0 %} are lost, {reports.Duplication:0 %} come twice and {reports.Lateness:0 %} late"),
            () => (reports.Loss, reports.Duplication, reports.Lateness) = (0, 0, 0));
    }

    private static Fault BadDisk(World world, Dice dice)
    {
        var storage = world.Storage;
        (storage.Away, storage.FailureRate) = (dice.Chance(0.3), 0.3 * dice.NextDouble());
        return new(storage.Away ? "the disk is away" : Text($"{storage.FailureRate:0 %} of writes fail"), () => (storage.Away, storage.FailureRate) = (false, 0));
    }

    private static Fault ClockOff(World world, Dice dice)
    {
        var clocks = world.Proxies.Select(p => (p.Name, p.Clock)).Append((Silo.Name, world.Silo.Clock)).Append((Silo.Name, world.Silo.Clock)).ToList();
        var (name, clock) = dice.OneOf(clocks);
        clock.Offset = dice.Between(-FurthestClock, FurthestClock);
        return new(Text($"the clock of {name} jumps by {clock.Offset.TotalSeconds:0.0} s"), () => clock.Offset = TimeSpan.Zero);
    }

    private static Fault ByHand(World world, Dice dice)
    {
        var id = dice.OneOf(world.Backends).Id;
        var what = dice.Next(3);
        var length = dice.Between(TimeSpan.FromSeconds(1), LongestByHand);
        world.Silo.Do(
            (model, now) => _ = what switch
            {
                0 => model.Eject(id, length, "by hand", now),
                1 => model.Drain(id, now),
                _ => model.Restore(id, now),
            },
            _ => { });
        // What a person did does not heal by itself: the person comes back, for as long as it takes.
        return new($"{id} is {(what == 0 ? "ejected" : what == 1 ? "drained" : "restored")} by hand", what == 1 ? Undrain : () => { });

        void Undrain()
        {
            world.Silo.Do((model, now) => _ = model.Find(id) is { Draining: true } && model.Restore(id, now), written =>
            {
                if (!written)
                {
                    world.Simulator.After(TimeSpan.FromSeconds(1), Undrain);
                }
            });
        }
    }

    private static void Each(World world, Action<Nodes.Gateway> act)
    {
        foreach (var gateway in world.Gateways)
        {
            act(gateway);
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
