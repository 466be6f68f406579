using Mesh.Api;
using Mesh.Core;
using Mesh.Core.Ledger;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Rest.Ledger;
using Mesh.Gateway.Streams;
using Mesh.Gateway.View;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Rest.Events;

/// <summary>Turns what the view and the proxies do into events.</summary>
internal sealed class MeshEvents(IMeshView view, LedgerFeed ledger, IProxyRegistry proxies, RestLimits limits, TimeProvider time) : IHostedService, IDisposable
{
    private readonly List<IDisposable> _subscriptions = [];

    // Microseconds since 1970 fit a JavaScript number and grow faster than anybody makes events.
    public EventRing Ring { get; } =
        new(limits.EventsKept, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscriptions.Add(view.Subscribe(OnChange));
        _subscriptions.Add(ledger.Subscribe(OnLedger));
        _subscriptions.Add(proxies.Subscribe(OnProxy));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _subscriptions.ForEach(static subscription => subscription.Dispose());
        _subscriptions.Clear();
    }

    private void OnChange(View.SnapshotChange change)
    {
        if (!view.Complete)
        {
            // What is read at the start is no news.
            return;
        }

        var service = change.Service;
        if (change.After is null)
        {
            Add(time.GetUtcNow(), "ServiceRemoved", service, null, null, $"{service} has neither endpoints nor a policy any more");
            return;
        }

        if (change.Before is null)
        {
            Add(change.After.At, "ServiceAdded", service, null, null, $"{service} is new");
        }

        foreach (var step in SnapshotDiff.Between(change.Before, change.After).Changes)
        {
            Add(change.After.At, step.Kind.ToString(), service, step.EndpointId, step.After?.Status.ToString(), step.Description);
        }
    }

    private void OnProxy(ProxyEvent proxy) =>
        Add(proxy.At, $"Proxy{proxy.Kind}", null, null, null, $"{proxy.Node}: {proxy.Detail}");

    private void OnLedger(ServiceId service, LedgerEntry entry)
    {
        var shown = LedgerViews.Of(entry);
        var detail = shown.Evidence is { } evidence ? $"{entry.EndpointId}: {entry.Kind}, {evidence.Statement}" : $"{entry.EndpointId}: {entry.Kind}, {entry.Reason}";
        Ring.Add(id => new MeshEvent(id, entry.At, "Ledger", service.ToString(), entry.EndpointId, null, detail, shown));
    }

    private void Add(DateTimeOffset at, string kind, ServiceId? service, string? endpoint, string? status, string detail) =>
        Ring.Add(id => new MeshEvent(id, at, kind, service?.ToString(), endpoint, status, detail));
}
