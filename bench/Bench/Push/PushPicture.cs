using System.Globalization;
using Mesh.Bench.Verdicts;

namespace Mesh.Bench.Push;

/// <summary>The figures as charts: how long updates take, what they cost, and what more services change about it.</summary>
internal static class PushPicture
{
    public static IReadOnlyList<Chart> Charts(IReadOnlyList<PushResult> rows, IReadOnlyList<PushResult> growth) =>
        [.. Latencies(rows), .. Costs(rows), .. Growth(growth)];

    private static IEnumerable<Chart> Latencies(IReadOnlyList<PushResult> rows) =>
        from same in rows.GroupBy(row => (row.Setup.Streams, row.Setup.Subscribed, row.Setup.Services))
        select new Chart(
            string.Create(CultureInfo.InvariantCulture, $"{same.Key.Streams:#,0} streams, {same.Key.Subscribed} of {same.Key.Services} services: updates that have arrived (peer: {Peer.Name})"),
            "ms from the acceptance of the change",
            "% of the updates",
            [.. Variants(same)]);

    private static IEnumerable<Series> Variants(IEnumerable<PushResult> rows)
    {
        foreach (var variant in rows.GroupBy(row => row.Setup.Delta))
        {
            var row = Middle([.. variant], static row => row.FromAcceptance.P99);
            yield return new(row.Setup.Variant, [(0, 0), .. row.Percentiles.Take(100).Select(static (ms, percent) => (ms, (double)percent))]);
            if (Peer.Of(row.Setup) is { } peer)
            {
                yield return new($"peer, {row.Setup.Variant}: p50 and p99", [(0, 0), (peer.Median, 50), (peer.P99, 99)]);
            }
        }
    }

    private static IEnumerable<Chart> Costs(IReadOnlyList<PushResult> rows)
    {
        var compared = rows.Where(row => Peer.Of(row.Setup)?.Cpu is not null).GroupBy(row => row.Setup).Select(group => group.ToArray()).ToList();
        if (compared.Count == 0)
        {
            yield break;
        }

        string[] names = [.. compared.Select(group => string.Create(CultureInfo.InvariantCulture, $"{group[0].Setup.Variant}, {group[0].Setup.Streams:#,0}"))];
        yield return new("CPU of the control plane for each update", "variant and streams", "us",
        [
            new("here", [.. compared.Select(static (group, i) => ((double)i, Math.Round(Middle(group, static row => row.CpuEach).CpuEach)))]),
            new(Peer.Name, [.. compared.Select(static (group, i) => ((double)i, Peer.Of(group[0].Setup)!.Cpu!.Value))]),
            new("Kestrel's write alone", [.. compared.Select(static (_, i) => ((double)i, Peer.KestrelFloor))]),
        ])
        { Categories = names };
        yield return new("Memory of the control plane", "variant and streams", "MB",
        [
            new("here", [.. compared.Select(static (group, i) => ((double)i, Math.Round(Middle(group, static row => row.Megabytes).Megabytes)))]),
            new(Peer.Name, [.. compared.Select(static (group, i) => ((double)i, Peer.Of(group[0].Setup)!.Megabytes!.Value))]),
        ])
        { Categories = names };
    }

    private static IEnumerable<Chart> Growth(IReadOnlyList<PushResult> growth)
    {
        var sizes = growth.GroupBy(row => row.Setup.Services).OrderBy(group => group.Key).Select(group => group.ToArray()).ToList();
        if (sizes.Count == 0)
        {
            yield break;
        }

        yield return new(
            string.Create(CultureInfo.InvariantCulture, $"More services that nobody asks for: {sizes[0][0].Setup.Streams:#,0} streams, the same {sizes[0][0].Setup.NamesEach} services changing"), "services in all", "ms for each change",
        [
            new("CPU", [.. sizes.Select(static (group, i) => ((double)i, Math.Round(Middle(group, static row => row.CpuPerChange).CpuPerChange, 1)))]),
            new("p50", [.. sizes.Select(static (group, i) => ((double)i, Math.Round(Middle(group, static row => row.FromAcceptance.Median).FromAcceptance.Median, 1)))]),
            new("p99", [.. sizes.Select(static (group, i) => ((double)i, Math.Round(Middle(group, static row => row.FromAcceptance.P99).FromAcceptance.P99, 1)))]),
        ])
        { Categories = [.. sizes.Select(group => group[0].Setup.Services.ToString("#,0", CultureInfo.InvariantCulture))] };
    }

    /// <summary>Of several rounds the middle one.</summary>
    private static PushResult Middle(PushResult[] rounds, Func<PushResult, double> figure) => rounds.OrderBy(figure).ElementAt((rounds.Length - 1) / 2);
}
