using System.Globalization;
using Mesh.Local.Load;

namespace Mesh.Demo.Story;

/// <summary>What was promised, against what was seen. Everything the demo claims is here.</summary>
internal static class Judge
{
    private static readonly TimeSpan OutPromise = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan StartPromise = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ProbePromise = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TakeOverPromise = TimeSpan.FromSeconds(3);
    private const double MemoryPromise = 150;

    // Stores of their own start along with silos, which find each other through them.
    private static readonly TimeSpan ClusterStartPromise = TimeSpan.FromSeconds(20);
    private const double SiloMemoryPromise = 250;

    public static Verdict Of(
        DemoOptions options, TimeSpan ready, double idleMegabytes, double proxyMegabytes, IReadOnlyList<Round> rounds,
        IReadOnlyList<KillCycle> kills, LoadTally tally)
    {
        var losses = tally.Losses();
        var backPromise = options.BaseEjection + ProbePromise;
        var several = options.Silos > 1;
        var (whole, one) = several ? ("the cluster", "a silo") : ("the control plane", "the control plane");
        var (start, memory) = several ? (ClusterStartPromise, SiloMemoryPromise) : (StartPromise, MemoryPromise);
        Promise[] promises =
        [
            Time("ready", $"{whole} starts", $"ready within {Verdict.Words(start)}", ready, start),
            Count("failed-requests", "requests that failed, in the whole run", losses.Count, tally.Total, "requests"),
            Time("out", Of(rounds.Count, "first failing answer → the last proxy turned away"), $"under {Verdict.Words(OutPromise)}", Verdict.Median(rounds.Select(round => round.Out)), OutPromise),
            Time("back", Of(rounds.Count, "healed → every proxy sends to it again"), $"within {Verdict.Words(backPromise)}", Verdict.Median(rounds.Select(round => round.Back)), backPromise),
            Count("requests-lost-while-away", $"requests lost while {one} was away", kills.Sum(kill => kill.RequestsLost), kills.Sum(kill => kill.RequestsWhileAway), "requests"),
            Count("registrations-lost", "acknowledged registrations lost", kills.Sum(kill => kill.RegistrationsLost), kills.Sum(kill => (long)kill.Registrations), "registrations"),
            Count("policies-lost", "acknowledged policies lost", kills.Sum(kill => kill.PoliciesLost), kills.Sum(kill => (long)kill.Policies), "policies"),
            Time("restart", Of(kills.Count, $"{one} starts after kill -9"), $"ready within {Verdict.Words(start)}", Verdict.Median(kills.Select(kill => (TimeSpan?)kill.Ready)), start),
            .. several ? TakenOver(kills) : [],
            Time("reconnected", Of(kills.Count, "both proxies are connected again"), "within 10.0 s", Verdict.Median(kills.Select(kill => kill.Reconnected)), TimeSpan.FromSeconds(10)),
            new("memory", several ? "memory of an idle silo, the largest" : "memory of the idle control plane", $"under {memory:0} MB", $"{idleMegabytes.ToString("0", CultureInfo.InvariantCulture)} MB", idleMegabytes, "MB", idleMegabytes < memory),
        ];
        var reasons = losses.GroupBy(request => request.Why).Select(group => $"{group.Count()} × {group.Key}");
        var note = string.Create(
            CultureInfo.InvariantCulture,
            $"Answers took {tally.Percentile(0.5):0.0} ms (half) and {tally.Percentile(0.99):0.0} ms (99%) through a proxy; a proxy took {proxyMegabytes:0} MB.")
            + (losses.Count > 0 ? $" Failed: {string.Join(", ", reasons)}." : "");
        return new Verdict(promises, rounds, kills, note);
    }

    private static IEnumerable<Promise> TakenOver(IReadOnlyList<KillCycle> kills) =>
    [
        Count("writes-refused", "writes refused while a silo was away", kills.Sum(kill => kill.WritesRefused), kills.Sum(kill => (long)kill.Registrations + kill.Policies), "writes"),
        Time("taken-over", "the slowest write that a silo's death fell into", $"within {Verdict.Words(TakeOverPromise)}", kills.Max(kill => kill.SlowestWrite), TakeOverPromise),
    ];

    private static string Of(int count, string what) => count > 1 ? $"{what} (median of {count})" : what;

    private static Promise Time(string id, string what, string promised, TimeSpan? measured, TimeSpan limit) => new(
        id, what, promised, measured is { } time ? Verdict.Words(time) : "not in time", measured?.TotalMilliseconds, "ms", measured <= limit);

    private static Promise Count(string id, string what, int lost, long all, string unit) => new(
        id, what, "none", string.Create(CultureInfo.InvariantCulture, $"{lost} of {all:N0}"), lost, unit, lost == 0 && all > 0);
}
