using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Mesh.Core;
using Mesh.Gateway.View;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Registry;

/// <summary>
/// Wakes those who watch a service, and nobody else. A watcher has one slot: a wake that it has not taken yet is as good as many
/// (overflow action: keep the one), and when it takes it, it reads the newest snapshot from the view.
/// </summary>
internal sealed class WatchHub(IMeshView view) : IHostedService, IDisposable
{
    /// <summary>Watches at once; one more is refused.</summary>
    public const int MostWatches = 10_000;

    private readonly ConcurrentDictionary<ServiceId, ImmutableArray<Channel<bool>>> _watchers = [];
    private IDisposable? _subscription;
    private int _count;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = view.Subscribe(change =>
        {
            if (_watchers.TryGetValue(change.Service, out var wakes))
            {
                foreach (var wake in wakes)
                {
                    wake.Writer.TryWrite(true);
                }
            }
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _subscription?.Dispose();

    /// <summary>Begins a watch; null when there are too many.</summary>
    public Watch? Begin(ServiceId service)
    {
        if (Interlocked.Increment(ref _count) > MostWatches)
        {
            Interlocked.Decrement(ref _count);
            return null;
        }

        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        _watchers.AddOrUpdate(service, [wake], (_, others) => others.Add(wake));
        return new Watch(this, service, wake);
    }

    private void End(ServiceId service, Channel<bool> wake)
    {
        Interlocked.Decrement(ref _count);
        var left = _watchers.AddOrUpdate(service, [], (_, others) => others.Remove(wake));
        if (left.IsEmpty)
        {
            // Only if nobody came meanwhile.
            _watchers.TryRemove(new(service, left));
        }
    }

    /// <summary>One watch; dispose of it when it ends.</summary>
    internal sealed class Watch(WatchHub hub, ServiceId service, Channel<bool> wake) : IDisposable
    {
        /// <summary>Waits for a change since the last wait.</summary>
        public async ValueTask Changed(CancellationToken cancellationToken) => await wake.Reader.ReadAsync(cancellationToken);

        public void Dispose() => hub.End(service, wake);
    }
}
