using System.Collections.Immutable;
using System.Threading.Channels;
using Mesh.Contracts;
using Mesh.Core;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.View;

/// <summary>
/// Keeps the roster in step with the catalog's shards, and asks for a re-read of what is due. One loop: a hint marks its shard and wakes
/// the loop; without hints it wakes once a second to look at the clock.
/// </summary>
internal sealed class CatalogFollower(
    IMeshSource source, ViewOptions options, TimeProvider time, ILogger logger, Roster roster, Action<ServiceId> pull, Action<ServiceId> pullLater)
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Shard[] _shards = [.. Enumerable.Range(0, MeshLimits.CatalogShards).Select(static number => new Shard(number))];

    // One wake that is not yet taken is as good as many (overflow action: drop the new one).
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Whether each shard has been read once.</summary>
    public bool ReadOnce => Array.TrueForAll(_shards, static shard => shard.ReadOnce);

    /// <summary>Notes a hint.</summary>
    public void Changed(int shard)
    {
        if ((uint)shard < (uint)_shards.Length)
        {
            _shards[shard].Marked = true;
            _wake.Writer.TryWrite(true);
        }
    }

    /// <summary>Takes in that a silo has a shard in at least this version. One that has moved forgot its watchers.</summary>
    public bool Seen(int shard, long version, bool moved)
    {
        var wanted = (uint)shard < (uint)_shards.Length && (moved || _shards[shard].Version < version);
        if (wanted)
        {
            Changed(shard);
        }

        return wanted;
    }

    /// <summary>Follows until it is cancelled.</summary>
    public async Task Run(CancellationToken stopping)
    {
        using var clock = time.CreateTimer(_ => _wake.Writer.TryWrite(true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (true)
        {
            await Task.WhenAll(_shards.Where(shard => shard.Marked || shard.Due <= time.GetUtcNow()).Select(shard => Read(shard, stopping)));
            var now = time.GetUtcNow();
            roster.Due(now, options.Reread).ForEach(pullLater);
            var next = _shards.Min(static shard => shard.Due) - now;
            clock.Change(next < options.MinBackoff ? options.MinBackoff : next > Tick ? Tick : next, Timeout.InfiniteTimeSpan);
            await _wake.Reader.ReadAsync(stopping);
        }
    }

    private async Task Read(Shard shard, CancellationToken stopping)
    {
        // Cleared before reading: a hint that comes during the read asks for another one.
        shard.Marked = false;
        try
        {
            var page = await source.ReadCatalog(shard.Number).WaitAsync(options.ReadTimeout, time, stopping);
            shard.Due = time.GetUtcNow() + options.Reread;
            foreach (var service in roster.List(shard.Services, page.Services, shard.Due))
            {
                pull(service);
            }

            (shard.Services, shard.Version, shard.ReadOnce, shard.Failures) = (page.Services, page.Version, true, 0);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            shard.Due = time.GetUtcNow() + options.Backoff(++shard.Failures);
            if (shard.Failures is 1 or 10 or 100)
            {
                logger.LogWarning(
                    "Reading catalog shard {Shard} failed {Failures} times in a row ({Reason}); trying again.",
                    shard.Number, shard.Failures, failure.Message);
            }
        }
    }

    private sealed class Shard(int number)
    {
        private volatile bool _marked;
        private volatile bool _readOnce;
        private long _version = -1;

        public int Number => number;

        public bool Marked
        {
            get => _marked;
            set => _marked = value;
        }

        public bool ReadOnce
        {
            get => _readOnce;
            set => _readOnce = value;
        }

        public long Version
        {
            get => Volatile.Read(ref _version);
            set => Volatile.Write(ref _version, value);
        }

        public ImmutableArray<ServiceId> Services { get; set; } = [];

        public DateTimeOffset Due { get; set; } = DateTimeOffset.MinValue;

        public int Failures { get; set; }
    }
}
