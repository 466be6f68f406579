using System.Collections.Immutable;
using System.Threading.Channels;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Ledger;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mesh.Gateway.View;

/// <summary>
/// What is entered in the services' ledgers, in the order of its numbers. Services tell their watchers each entry once and do not wait for
/// them; whoever finds a gap in the numbers reads what is missing from the ledger, so that nobody has to poll it.
/// </summary>
/// <remarks>One loop publishes. Hints that it cannot keep up with are dropped, which makes a gap, which is then read.</remarks>
public sealed class LedgerFeed(IGrainFactory grains, ILogger<LedgerFeed> log) : BackgroundService
{
    private const int QueuedHints = 1_024;

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private readonly Channel<(ServiceId Service, ImmutableArray<LedgerEntry> Entries)> _hints =
        Channel.CreateBounded<(ServiceId, ImmutableArray<LedgerEntry>)>(
            new BoundedChannelOptions(QueuedHints) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Dictionary<ServiceId, long> _last = [];
    private ImmutableArray<Action<ServiceId, LedgerEntry>> _subscribers = [];

    /// <summary>Calls back for each entry from now on, on the one loop: it must be quick and must not block or throw.</summary>
    public IDisposable Subscribe(Action<ServiceId, LedgerEntry> onEntry)
    {
        ImmutableInterlocked.Update(ref _subscribers, subscribers => subscribers.Add(onEntry));
        return new Subscription(this, onEntry);
    }

    /// <summary>Takes a service's hint. It only notes it down.</summary>
    public void Entered(ServiceId service, ImmutableArray<LedgerEntry> entries) => _hints.Writer.TryWrite((service, entries));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var (service, entries) in _hints.Reader.ReadAllAsync(stoppingToken))
            {
                Publish(service, await Complete(service, entries, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping.
        }
    }

    private async Task<IEnumerable<LedgerEntry>> Complete(ServiceId service, ImmutableArray<LedgerEntry> entries, CancellationToken stopping)
    {
        if (entries.IsEmpty || !_last.TryGetValue(service, out var last) || entries[0].Number <= last + 1)
        {
            return entries;
        }

        try
        {
            var query = new LedgerQuery { After = last, Before = entries[0].Number, OldestFirst = true, Limit = LedgerQuery.MostEntries };
            var missed = await grains.GetGrain<ILedgerGrain>(service.ToString()).Read(query).WaitAsync(ReadTimeout, stopping);
            return missed.Entries.Concat(entries);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            log.LogWarning(e, "Entries of the ledger of {Service} after number {Number} could not be read; events lack them", service, last);
            return entries;
        }
    }

    private void Publish(ServiceId service, IEnumerable<LedgerEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (entry.Number > _last.GetValueOrDefault(service))
            {
                _last[service] = entry.Number;
                foreach (var subscriber in _subscribers)
                {
                    subscriber(service, entry);
                }
            }
        }
    }

    private sealed class Subscription(LedgerFeed feed, Action<ServiceId, LedgerEntry> onEntry) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref feed._subscribers, subscribers => subscribers.Remove(onEntry));
    }
}
