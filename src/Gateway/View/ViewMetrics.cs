using System.Diagnostics.Metrics;
using Mesh.Core.Health;
using Mesh.Gateway.Telemetry;

namespace Mesh.Gateway.View;

/// <summary>What the view counts.</summary>
internal sealed class ViewMetrics : IDisposable
{
    private static readonly Counter<long> Pulls = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.view.pulls", description: "Snapshots pulled from service grains, by result: new, unchanged or failed.");

    private static readonly Counter<long> Hints = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.view.hints", description: "Hints from service grains, by what was done: taken, stale or dropped.");

    private static readonly Histogram<double> PullDuration = MeshTelemetry.Meter.CreateHistogram<double>(
        "mesh.view.pull.duration", "s", "Time from taking up a pull to its answer.");

    private readonly Meter _gauges = new(MeshTelemetry.Name);

    public ViewMetrics(MeshView view)
    {
        _gauges.CreateObservableGauge("mesh.services", () => view.Services.Count, description: "Services known to this gateway.");
        _gauges.CreateObservableGauge("mesh.endpoints", () => CountEndpoints(view), description: "Endpoints known to this gateway, by status.");
        _gauges.CreateObservableGauge("mesh.view.ready", () => view.Ready ? 1 : 0, description: "1 when everything has been read once.");
    }

    public static void Pulled(string result, TimeSpan took)
    {
        Pulls.Add(1, new KeyValuePair<string, object?>("result", result));
        PullDuration.Record(took.TotalSeconds);
    }

    public static void Hinted(string action) => Hints.Add(1, new KeyValuePair<string, object?>("action", action));

    public void Dispose() => _gauges.Dispose();

    private static IEnumerable<Measurement<long>> CountEndpoints(MeshView view)
    {
        var counts = new long[Enum.GetValues<HealthStatus>().Length];
        foreach (var snapshot in view.Services.Values)
        {
            foreach (var endpoint in snapshot.Endpoints)
            {
                counts[(int)endpoint.Status]++;
            }
        }

        return Enum.GetValues<HealthStatus>()
            .Select(status => new Measurement<long>(counts[(int)status], new KeyValuePair<string, object?>("status", status.ToString())));
    }
}
