using System.Globalization;
using Mesh.Bench.Verdicts;

namespace Mesh.Bench.Push;

/// <summary>What is required of the push, beside what was measured. Of several rounds the median counts.</summary>
internal static class PushRequirements
{
    /// <summary>A third of the peer's CPU, half of its 99th percentile, half of its memory.</summary>
    public static IEnumerable<VerdictRow> Rows(IEnumerable<PushResult> results) =>
        from rounds in results.GroupBy(result => result.Setup)
        let peer = Peer.Of(rounds.Key)
        where peer is not null
        from row in Rows($"{rounds.Key.Variant}, {rounds.Key.Streams:#,0} streams, {rounds.Key.Subscribed} of {rounds.Key.Services}", [.. rounds], peer)
        select row;

    /// <summary>A change costs the same, however many services there are that nobody asks for.</summary>
    public static IEnumerable<VerdictRow> Growth(IReadOnlyList<PushResult> results)
    {
        var bySize = results.GroupBy(result => result.Setup.Services).OrderBy(group => group.Key).ToList();
        foreach (var size in bySize.Skip(1))
        {
            var name = $"{size.Key:#,0} services beside {bySize[0].Key:#,0}, for each change";
            yield return Ratio($"{name}: CPU", 1.2, static result => result.CpuPerChange);
            yield return Ratio($"{name}: p50", null, static result => result.FromAcceptance.Median);
            yield return Ratio($"{name}: p99", null, static result => result.FromAcceptance.P99);

            VerdictRow Ratio(string what, double? most, Func<PushResult, double> figure)
            {
                var (first, now) = (Median(bySize[0].Select(figure)), Median(size.Select(figure)));
                return new VerdictRow(
                    what, Text($"{now / first:0.00} times ({now:0.0} ms to {first:0.0})"), most is null ? "" : Text($"at most {most:0.0} times"), most is null ? null : now / first <= most);
            }
        }
    }

    public static IEnumerable<VerdictRow> Reconnect(IReadOnlyList<ReconnectResult> results)
    {
        if (results.Count == 0)
        {
            yield break;
        }

        var (first, ready, resent) = (Median(results.Select(r => r.FromFirst)), Median(results.Select(r => r.FromReady)), results.Max(r => r.Resent));
        var name = $"{results[0].Streams:#,0} delta clients after a restart";
        yield return new($"{name}: from the first that is connected to the last that is in sync", Text($"{first:0.00} s ({ready:0.00} s from readiness)"), "at most 2 s", first <= 2);
        yield return new($"{name}: resources sent that they had", Text($"{resent}"), "0", resent == 0);
    }

    private static IEnumerable<VerdictRow> Rows(string name, PushResult[] rounds, Peer peer)
    {
        if (rounds.Sum(round => round.Missing) is > 0 and var missing)
        {
            yield return new($"{name}: updates that did not arrive", $"{missing}", "0", false);
        }

        if (peer.Cpu is { } cpu)
        {
            yield return AtMost("CPU for each update", "us", static r => r.CpuEach, cpu, 3);
        }

        yield return AtMost("p99", "ms", static r => r.FromAcceptance.P99, peer.P99, 2);
        if (peer.Megabytes is { } megabytes)
        {
            yield return AtMost("memory", "MB", static r => r.Megabytes, megabytes, 2);
        }

        VerdictRow AtMost(string what, string unit, Func<PushResult, double> figure, double peers, double part)
        {
            var value = Median(rounds.Select(figure));
            return new(
                $"{name}: {what}", Text($"{value:0.0} {unit}"), Text($"at most {peers / part:0.0} {unit}, 1/{part} of {Peer.Name}'s {peers:0}"), value <= peers / part);
        }
    }

    private static double Median(IEnumerable<double> values) => Spread.Of(values).Median;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
