using System.Diagnostics.Metrics;
using Mesh.Contracts;
using Mesh.Gateway.Telemetry;

namespace Mesh.Gateway.View.News;

/// <summary>What is counted of the silos and of their news.</summary>
internal sealed class NewsMetrics : IDisposable
{
    private static readonly Counter<long> Reconciliations = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.view.reconciled",
        description: "Services and shards that silos told of, by what it meant: current, behind (no hint had come yet), moved (watched anew) or orphaned (called elsewhere).");

    private static readonly Counter<long> Failures = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.view.unanswered", description: "Questions to silos without an answer, by what was asked for: news or members.");

    private readonly Meter _gauges = new(MeshTelemetry.Name);

    public NewsMetrics(NewsFollower news)
    {
        _gauges.CreateObservableGauge(
            "mesh.view.stale", () => news.Age.TotalSeconds, "s", "How long ago at least half of the silos were last heard of.");
        _gauges.CreateObservableGauge("mesh.silos", () => Count(news), description: "Silos known to this gateway, by status; the dead ones of late among them.");
    }

    public static void Reconciled(string result) => Reconciliations.Add(1, new KeyValuePair<string, object?>("result", result));

    public static void Failed(string question) => Failures.Add(1, new KeyValuePair<string, object?>("question", question));

    public void Dispose() => _gauges.Dispose();

    private static IEnumerable<Measurement<long>> Count(NewsFollower news)
    {
        var members = news.Members;
        return Enum.GetValues<SiloState>().Select(state => new Measurement<long>(
            members.Count(member => member.State == state), new KeyValuePair<string, object?>("status", state.ToString().ToLowerInvariant())));
    }
}
