using System.Diagnostics.Metrics;
using Mesh.Contracts;
using Mesh.Gateway.Telemetry;

namespace Mesh.Silo.Stores;

/// <summary>What is known of the stores, for monitors.</summary>
internal sealed class StoreMetrics : IHostedService, IDisposable
{
    private readonly Meter _gauges = new(MeshTelemetry.Name);

    public StoreMetrics(IEnumerable<IStoreHealth> stores)
    {
        var all = stores.ToArray();
        _gauges.CreateObservableGauge(
            "mesh.store.up", () => all.Select(static store => Of(store.Current, static report => report.Healthy)), description: "1 while the store does its work, by store.");
        _gauges.CreateObservableGauge(
            "mesh.store.warning",
            () => all.Select(static store => Of(store.Current, static report => report.Warning is not null)),
            description: "1 while the store is set up such that acknowledged writes could be lost, by store.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _gauges.Dispose();

    private static Measurement<int> Of(StoreReport report, Func<StoreReport, bool> holds) =>
        new(holds(report) ? 1 : 0, new KeyValuePair<string, object?>("store", report.Name));
}
