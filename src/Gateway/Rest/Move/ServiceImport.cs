using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Orleans;

namespace Mesh.Gateway.Rest.Move;

/// <summary>One service of an import: its ledger, then its endpoints in portions, then its weights, one call after the other; other services go on beside it.</summary>
internal sealed class ServiceImport(
    IGrainFactory grains, ServiceId service, long line, ServiceLine head, ImportTally tally, OnConflict onConflict, bool dryRun)
{
    /// <summary>Endpoints of one call.</summary>
    private const int Portion = 500;

    private readonly IServiceMoveGrain _grain = grains.GetGrain<IServiceMoveGrain>(service.ToString());
    private List<(long Line, MovedEndpoint Endpoint)> _endpoints = [];
    private bool _ledgerSent;
    private Task _last = Task.CompletedTask;

    public List<(long Line, LedgerEntry Entry)> Entries { get; private set; } = [];

    /// <summary>Takes an endpoint; true when it is time to send.</summary>
    public bool Add(long number, MovedEndpoint endpoint)
    {
        _endpoints.Add((number, endpoint));
        return _endpoints.Count >= Portion;
    }

    /// <summary>Sends what there is; returns when it has begun.</summary>
    public async Task Send(ImportWork work)
    {
        if (!_ledgerSent)
        {
            _ledgerSent = true;
            var entries = Entries;
            Entries = [];
            await After(work, () => SendLedger(entries));
        }

        if (_endpoints.Count > 0)
        {
            var endpoints = _endpoints;
            _endpoints = [];
            await After(work, () => SendEndpoints(endpoints));
        }
    }

    public Task SendWeights(ImportWork work) => After(work, async () => tally.Note(
        line, ExportFormat.Service, service.ToString(),
        head.Weights is not { } weights ? Moved.Equal : await ImportRun.Repeated(() => _grain.AdoptWeights(weights, onConflict, dryRun))));

    private async Task After(ImportWork work, Func<Task> step)
    {
        var before = _last;
        _last = await work.Begin(async () =>
        {
            await before;
            await step();
        });
    }

    private async Task SendLedger(List<(long Line, LedgerEntry Entry)> entries)
    {
        if (head.LastEntry == 0)
        {
            return;
        }

        ImmutableArray<LedgerEntry> book = [.. entries.Select(static entry => entry.Entry)];
        var moved = await ImportRun.Repeated(() => grains.GetGrain<ILedgerMoveGrain>(service.ToString()).Adopt(book, head.LastEntry, onConflict, dryRun));
        // One verdict for all of them: it is told once, where it begins.
        for (var i = 0; i < entries.Count; i++)
        {
            tally.Count(ExportFormat.Entry, moved.Result);
        }

        tally.Show(entries.Count > 0 ? entries[0].Line : line, ExportFormat.Entry, $"{service}: its ledger, {entries.Count} entries", moved);
    }

    private async Task SendEndpoints(List<(long Line, MovedEndpoint Endpoint)> endpoints)
    {
        ImmutableArray<MovedEndpoint> portion = [.. endpoints.Select(static endpoint => endpoint.Endpoint)];
        var moved = await ImportRun.Repeated(() => _grain.Adopt(portion, onConflict, dryRun));
        for (var i = 0; i < moved.Length; i++)
        {
            tally.Note(endpoints[i].Line, ExportFormat.Endpoint, $"{service}/{portion[i].Spec.Id}", moved[i]);
        }
    }
}

/// <summary>What an import has under way at once. Who brings more waits; by that the file is read no faster than it is written.</summary>
internal sealed class ImportWork : IDisposable
{
    private const int AtOnce = 16;

    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly HashSet<Task> _running = [];

    /// <summary>Begins a piece of work when there is a place for it.</summary>
    public async Task<Task> Begin(Func<Task> work)
    {
        await _places.WaitAsync();
        var running = Run(work);
        lock (_running)
        {
            _running.RemoveWhere(static task => task.IsCompletedSuccessfully);
            _running.Add(running);
        }

        return running;
    }

    /// <summary>Waits for all that was begun.</summary>
    /// <exception cref="Exception">The first failure.</exception>
    public async Task Finish()
    {
        Task[] running;
        lock (_running)
        {
            running = [.. _running];
            _running.Clear();
        }

        await Task.WhenAll(running);
    }

    public void Dispose() => _places.Dispose();

    private async Task Run(Func<Task> work)
    {
        try
        {
            await Task.Yield();
            await work();
        }
        finally
        {
            _places.Release();
        }
    }
}
