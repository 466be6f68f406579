using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Telemetry;
using Mesh.Gateway.View.News;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.View;

/// <summary>
/// Follows the grains: the catalog says which services exist, hints say which of them changed, pulls fetch what they are now, and one
/// writer publishes whole immutable versions. The alternative, snapshots inside the hints, would make every grain wait for its slowest
/// gateway, or lose a change for good when a message is lost; a lost hint only costs the time until the silos' news tell of it.
/// </summary>
public sealed class MeshView : BackgroundService, IMeshView, IMeshHints, INewsReader
{
    private readonly IMeshSource _source;
    private readonly ViewOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MeshView> _logger;
    private readonly ViewMetrics _metrics;
    private readonly PullQueue _pulls;
    private readonly Roster _roster;
    private readonly CatalogFollower _catalog;
    private readonly NewsFollower _news;
    private readonly NewsMetrics _newsMetrics;
    private readonly Channel<Reading> _readings;
    private readonly Lock _subscribing = new();
    private volatile ImmutableSortedDictionary<ServiceId, ServiceSnapshot> _services =
        ImmutableSortedDictionary<ServiceId, ServiceSnapshot>.Empty;

    private ImmutableArray<Action<SnapshotChange>> _subscribers = [];
    private volatile bool _complete;

    /// <summary>Makes a view that begins to follow when the host starts it.</summary>
    public MeshView(IMeshSource source, ViewOptions options, TimeProvider time, ILogger<MeshView> logger)
    {
        (_source, _options, _time, _logger) = (source, options, time, logger);
        _metrics = new ViewMetrics(this);
        _roster = new Roster(options.Patience);
        _pulls = new PullQueue(options.QueuedServices);
        _catalog = new CatalogFollower(source, options, time, logger, _roster, service => _pulls.Request(service, null), PullLater);
        _news = new NewsFollower(source, options, time, logger, this);
        _newsMetrics = new NewsMetrics(_news);
        _readings = Channel.CreateBounded<Reading>(new BoundedChannelOptions(options.QueuedResults) { SingleReader = true });
    }

    /// <inheritdoc/>
    public ImmutableSortedDictionary<ServiceId, ServiceSnapshot> Services => _services;

    /// <inheritdoc/>
    public bool Ready => Complete && _news.InTouch;

    /// <inheritdoc/>
    public bool Complete => _complete || (_complete = _catalog.ReadOnce && _roster.AllRead);

    /// <inheritdoc/>
    public TimeSpan NewsAge => _news.Age;

    /// <inheritdoc/>
    public ServiceSnapshot? Find(ServiceId service) => _services.GetValueOrDefault(service);

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<SnapshotChange> onChange)
    {
        lock (_subscribing)
        {
            _subscribers = _subscribers.Add(onChange);
        }

        return new Subscription(this, onChange);
    }

    /// <inheritdoc/>
    public async Task Refresh(ServiceId service, CancellationToken cancellationToken)
    {
        var pulled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_pulls.Request(service, Activity.Current?.Id, pulled))
        {
            await pulled.Task.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void CatalogChanged(int shard) => _catalog.Changed(shard);

    /// <inheritdoc/>
    public void ServiceChanged(ServiceId service, SnapshotVersion version, string? traceParent)
    {
        ViewMetrics.Hinted(
            Find(service) is { } known && known.Version >= version ? "stale"
            : _pulls.Request(service, traceParent) ? "taken"
            : "dropped");
    }

    void INewsReader.Seen(Seen<ServiceId> service)
    {
        var meaning = _roster.Heard(service.Key, service.Version, Find(service.Key)?.Version);
        NewsMetrics.Reconciled(meaning switch { NewsMeaning.Current => "current", NewsMeaning.Behind => "behind", _ => "moved" });
        if (meaning != NewsMeaning.Current)
        {
            PullLater(service.Key);
        }
    }

    void INewsReader.Orphaned(ServiceId service)
    {
        NewsMetrics.Reconciled("orphaned");
        if (_roster.WatchAnew(service))
        {
            PullLater(service);
        }
    }

    void INewsReader.Doubted(ServiceId service)
    {
        _roster.WatchAnew(service);
        _pulls.Request(service, null, lane: PullLane.Later);
    }

    void INewsReader.Seen(Seen<int> shard)
    {
        var wanted = _catalog.Seen(shard.Key, shard.Version.Number, shard.Moved);
        NewsMetrics.Reconciled(shard.Moved ? "moved" : wanted ? "behind" : "current");
    }

    void INewsReader.Orphaned(int shard)
    {
        NewsMetrics.Reconciled("orphaned");
        _catalog.Changed(shard);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _metrics.Dispose();
        _newsMetrics.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _source.Attach(this);
        var pullers = Enumerable.Range(0, _options.ParallelPulls).Select(_ => PullForEver(PullLane.Now, stoppingToken));
        var later = Enumerable.Range(0, _options.ParallelLaterPulls).Select(_ => PullForEver(PullLane.Later, stoppingToken));
        try
        {
            // None of them ends by itself: the first to end has failed, and takes the gateway with it, which is better than one that follows half.
            await await Task.WhenAny([PublishForEver(stoppingToken), _catalog.Run(stoppingToken), _news.Run(stoppingToken), .. pullers, .. later]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping: what was published stays readable, nothing more is followed.
        }
    }

    /// <summary>
    /// Asks for a pull of what may have changed. Not while its silo does not answer: thousands of calls that only wait would keep all others waiting, and when the
    /// silo answers again, or is gone, its services are asked for anew.
    /// </summary>
    private void PullLater(ServiceId service)
    {
        if (_news.IsOutOfReach(service))
        {
            return;
        }

        var owed = _news.Owe();
        if (!_pulls.Request(service, null, owed, PullLane.Later))
        {
            owed?.TrySetResult();
        }
    }

    private async Task PullForEver(PullLane lane, CancellationToken stopping)
    {
        while (true)
        {
            var pull = await _pulls.Take(lane, stopping);
            var reading = await Read(pull, stopping);
            await _readings.Writer.WriteAsync(reading, stopping);
        }
    }

    private async Task<Reading> Read(Pull pull, CancellationToken stopping)
    {
        // Only a pull with a cause is worth a span: the periodic ones would drown them.
        using var activity = pull.TraceParent is null
            ? null
            : MeshTelemetry.Source.StartActivity("mesh.view.pull", ActivityKind.Internal, pull.TraceParent);
        activity?.SetTag("mesh.service", pull.Service.ToString());
        var started = _time.GetTimestamp();
        try
        {
            var renew = _roster.WatchDue(pull.Service, _time.GetUtcNow());
            var snapshot = await _source.ReadService(pull.Service, renew).WaitAsync(_options.ReadTimeout, _time, stopping);
            activity?.SetTag("mesh.version", snapshot?.Version.ToString());
            return new Reading(pull, snapshot, renew, activity?.Id ?? pull.TraceParent, _time.GetElapsedTime(started), null);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            return new Reading(pull, null, false, null, _time.GetElapsedTime(started), failure);
        }
    }

    private async Task PublishForEver(CancellationToken stopping)
    {
        while (true)
        {
            var reading = await _readings.Reader.ReadAsync(stopping);
            if (reading.Failure is null)
            {
                var changed = Publish(reading);
                ViewMetrics.Pulled(changed ? "new" : "unchanged", reading.Took);
                _news.Answered(reading.Pull.Service);
                if (_roster.Read(reading.Pull.Service, reading.Renewed ? _time.GetUtcNow() + _options.Reread : null, reading.Snapshot?.Version))
                {
                    _ = RetryLater(reading, stopping);
                }
            }
            else
            {
                ViewMetrics.Pulled("failed", reading.Took);
                _ = RetryLater(reading, stopping);
            }

            // Released even after a failure: the write that a waiter made stands, and the retry goes on without it.
            reading.Pull.Release();
            _pulls.Done(reading.Pull);
        }
    }

    private bool Publish(Reading reading)
    {
        var service = reading.Pull.Service;
        var (before, after) = (Find(service), reading.Snapshot);
        if (after is null ? before is null : before is not null && after.Version <= before.Version)
        {
            return false;
        }

        _services = after is null ? _services.Remove(service) : _services.SetItem(service, after);
        Interlocked.MemoryBarrier();
        var change = new SnapshotChange(service, before, after, reading.TraceParent ?? after?.Cause);
        foreach (var subscriber in _subscribers)
        {
            try
            {
                subscriber(change);
            }
            catch (Exception failure)
            {
                _logger.LogError(failure, "A subscriber failed on a change of {Service}; the others are told all the same.", service);
            }
        }

        return true;
    }

    private async Task RetryLater(Reading reading, CancellationToken stopping)
    {
        var failures = _roster.Failed(reading.Pull.Service);
        if (failures == 0)
        {
            return;
        }

        if (failures is 1 or 10 or 100 && reading.Failure is { } failure)
        {
            _logger.LogWarning(
                "Reading {Service} failed {Failures} times in a row ({Reason}); trying again.", reading.Pull.Service, failures, failure.Message);
        }

        // Spread, so that what failed together is not tried together.
        var delay = _options.Backoff(failures) * (0.5 + _options.Roll());
        await Task.Delay(delay, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCancellationRequested)
        {
            if (reading.Pull.Lane == PullLane.Later)
            {
                PullLater(reading.Pull.Service);
            }
            else
            {
                _pulls.Request(reading.Pull.Service, reading.Pull.TraceParent);
            }
        }
    }

    private void Unsubscribe(Action<SnapshotChange> onChange)
    {
        lock (_subscribing)
        {
            _subscribers = _subscribers.Remove(onChange);
        }
    }

    private sealed record Reading(
        Pull Pull, ServiceSnapshot? Snapshot, bool Renewed, string? TraceParent, TimeSpan Took, Exception? Failure);

    private sealed class Subscription(MeshView view, Action<SnapshotChange> onChange) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                view.Unsubscribe(onChange);
            }
        }
    }
}
