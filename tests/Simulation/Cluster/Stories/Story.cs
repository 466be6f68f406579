using System.Globalization;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Cluster.Membership;
using Mesh.Simulation.Cluster.Stores;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Weather;

namespace Mesh.Simulation.Cluster.Stories;

/// <summary>What goes wrong in each story. In all of them endpoints fail, so that there are verdicts to lose.</summary>
public static class Story
{
    private static readonly FaultKind<ClusterWorld>[] Always =
    [
        Kind("fails", 4, 3, 15, (cluster, dice) => OnEndpoint(cluster, dice, "fails every request", 1)),
        Kind("gray", 2, 3, 15, (cluster, dice) => OnEndpoint(cluster, dice, "fails half of its requests", 0.5)),
        Kind("many", 1, 3, 10, ManyFail),
    ];

    private static readonly FaultKind<ClusterWorld>[] Kill =
    [
        Kind("kill", 5, 1, 1, (cluster, dice) => OnSilo(cluster, dice, "is killed", silo => silo.Kill())),
        Kind("long", 1, 5, 20, StaysAway),
        Kind("gateway", 1, 1, 1, KillGateway),
    ];

    private static readonly FaultKind<ClusterWorld>[] Freeze =
    [
        Kind("freeze", 5, 0.2, 15, (cluster, dice) => OnSilo(cluster, dice, "is frozen", silo => silo.Freeze(), silo => silo.Thaw())),
        Kind("short", 2, 0.2, 3, (cluster, dice) => OnSilo(cluster, dice, "is frozen", silo => silo.Freeze(), silo => silo.Thaw())),
    ];

    private static readonly FaultKind<ClusterWorld>[] Split =
    [
        Kind("split", 4, 1, 20, SplitUp),
        Kind("alone", 3, 1, 15, CutOff),
        Kind("wire", 2, 3, 15, BadWire),
    ];

    private static readonly FaultKind<ClusterWorld>[] Stores =
    [
        Kind("redis", 3, 1, 15, (cluster, _) => OnStore("is away", cluster, store => store.Away = true)),
        Kind("slow", 2, 3, 20, (cluster, _) => OnStore("takes up to 1.5 s", cluster, store => store.Slowness = TimeSpan.FromSeconds(1.5))),
        Kind("fails", 3, 3, 20, (cluster, _) => OnStore("fails a third of what it is asked", cluster, store => store.Fails = 0.3)),
        Kind("unknown", 4, 3, 20, (cluster, _) => OnStore("loses a third of its answers", cluster, store => store.LosesAnswers = 0.3)),
        Kind("postgres", 2, 3, 25, PostgresAway),
    ];

    private static readonly FaultKind<ClusterWorld>[] Rolling =
    [
        Kind("drain", 6, 1, 1, DrainOne),
    ];

    /// <summary>Everything that goes wrong in a story.</summary>
    public static IReadOnlyList<FaultKind<ClusterWorld>> Of(StoryKind kind) =>
    [
        .. Always,
        .. kind switch
        {
            StoryKind.Kill => Kill,
            StoryKind.Freeze => Freeze,
            StoryKind.Split => Split,
            StoryKind.Stores => Stores,
            StoryKind.Rolling => Rolling,
            _ => [.. Kill, .. Freeze, .. Split, .. Stores, .. Rolling],
        },
    ];

    private static FaultKind<ClusterWorld> Kind(string name, int share, double least, double most, Func<ClusterWorld, Dice, Fault?> begin) =>
        new(name, share, TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most), begin);

    private static Fault OnEndpoint(ClusterWorld cluster, Dice dice, string what, double rate)
    {
        var backend = dice.OneOf(cluster.Owners).Endpoint;
        (backend.Backend.FailureRate, backend.Backend.Failure) = (rate, TryResult.ServerError);
        return new($"{backend.Key} {what}", backend.Backend.Heal);
    }

    private static Fault ManyFail(ClusterWorld cluster, Dice dice)
    {
        var hit = cluster.Endpoints.Where(_ => dice.Chance(0.6)).ToList();
        hit.ForEach(endpoint => endpoint.Backend.FailureRate = 1);
        return new($"{hit.Count} endpoints fail together", () => hit.ForEach(endpoint => endpoint.Backend.Heal()));
    }

    private static Fault? OnSilo(ClusterWorld cluster, Dice dice, string what, Action<SiloNode> begin, Action<SiloNode>? end = null)
    {
        var running = cluster.Silos.Where(silo => silo is { State: HostState.Running, Ready: true }).ToList();
        if (running.Count == 0)
        {
            return null;
        }

        var silo = dice.OneOf(running);
        var address = silo.Address;
        begin(silo);
        return new($"{address} {what}", () => end?.Invoke(silo));
    }

    private static Fault? StaysAway(ClusterWorld cluster, Dice dice)
    {
        if (cluster.Silos.Count(silo => silo.Ready) < 2)
        {
            return null;
        }

        return OnSilo(cluster, dice, "is killed and stays away", silo =>
        {
            silo.KeptDown = true;
            silo.Kill();
        }, silo =>
        {
            silo.KeptDown = false;
            silo.Boot();
        });
    }

    private static Fault? KillGateway(ClusterWorld cluster, Dice dice)
    {
        if (cluster.Apart.Count == 0)
        {
            return null;
        }

        var gateway = dice.OneOf(cluster.Apart);
        gateway.Kill();
        return new($"{gateway.Name} is killed", () => { });
    }

    /// <summary>Silos, gateways and stores fall into two groups; owners stay with the first.</summary>
    private static Fault SplitUp(ClusterWorld cluster, Dice dice)
    {
        var all = cluster.Silos.Select(silo => silo.Name).Concat(cluster.Apart.Select(gateway => gateway.Name)).Append(StateStore.Name).Append(MembershipTable.Name).ToList();
        var away = all.Where(_ => dice.Chance(0.4)).ToList();
        return Cut(cluster, away);
    }

    private static Fault CutOff(ClusterWorld cluster, Dice dice) => Cut(cluster, [dice.OneOf(cluster.Silos).Name]);

    private static Fault Cut(ClusterWorld cluster, List<string> away)
    {
        away.ForEach(name => cluster.Wire.Group(name, 1));
        return new($"{string.Join(", ", away)} {(away.Count == 1 ? "is" : "are")} cut off from all others", cluster.Wire.Join);
    }

    private static Fault BadWire(ClusterWorld cluster, Dice dice)
    {
        var wire = cluster.Wire;
        (wire.Loss, wire.Stalls) = (0.1 * dice.NextDouble(), 0.05 * dice.NextDouble());
        return new(string.Create(CultureInfo.InvariantCulture, $"the network loses {wire.Loss:0 %} and holds up {wire.Stalls:0 %}"), () => (wire.Loss, wire.Stalls) = (0, 0));
    }

    private static Fault OnStore(string what, ClusterWorld cluster, Action<StateStore> begin)
    {
        begin(cluster.Store);
        return new($"redis {what}", () => (cluster.Store.Away, cluster.Store.Fails, cluster.Store.LosesAnswers, cluster.Store.Slowness) = (false, 0, 0, StateStore.Usual));
    }

    private static Fault PostgresAway(ClusterWorld cluster, Dice dice)
    {
        _ = dice;
        cluster.Table.Away = true;
        return new("postgres is away", () => cluster.Table.Away = false);
    }

    /// <summary>One at a time: the next only when all take part.</summary>
    private static Fault? DrainOne(ClusterWorld cluster, Dice dice) =>
        cluster.Silos.Any(silo => !silo.Ready || silo.Draining) ? null : OnSilo(cluster, dice, "is told to go", silo => silo.Drain());
}
