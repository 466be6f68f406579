using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Snapshots;

namespace Mesh.Gateway.View.News;

/// <summary>
/// Which silo each service and each shard of the catalog was last seen on, by what the silos say. When a silo dies this is the list of what died with it: nobody
/// else has it, as the silo's own board is gone and the grains' directory tells only of one name at a time.
/// </summary>
/// <remarks>No clock in it. Any thread may call it.</remarks>
internal sealed class Places
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ServiceId, Place> _services = [];
    private readonly Dictionary<int, Place> _shards = [];

    // The number of the present reading of everything from a silo, while it is under way.
    private readonly Dictionary<string, long> _readings = [];
    private long _lastReading;

    /// <summary>Takes in a page of a silo's news.</summary>
    public PlaceNews Take(string silo, SiloNews page)
    {
        var news = new PlaceNews();
        lock (_gate)
        {
            if (page.Anew)
            {
                _readings[silo] = ++_lastReading;
            }

            foreach (var service in page.Services)
            {
                Take(_services, service.Service, silo, service.Version, service.Version.Epoch, service.Here, news.Services, news.LeftServices);
            }

            foreach (var shard in page.Shards)
            {
                Take(_shards, shard.Shard, silo, new(0, shard.Version), shard.Activation, shard.Here, news.Shards, news.LeftShards);
            }

            if (!page.More && _readings.Remove(silo, out var reading))
            {
                news.LeftServices.AddRange(Clear(_services, silo, reading));
                news.LeftShards.AddRange(Clear(_shards, silo, reading));
            }
        }

        return news;
    }

    /// <summary>A silo is gone, with all that lived on it.</summary>
    public PlaceNews Gone(string silo)
    {
        var news = new PlaceNews();
        lock (_gate)
        {
            _readings.Remove(silo);
            news.LeftServices.AddRange(Clear(_services, silo, long.MaxValue));
            news.LeftShards.AddRange(Clear(_shards, silo, long.MaxValue));
        }

        return news;
    }

    /// <summary>Where a service was last seen; null when nowhere.</summary>
    public string? Of(ServiceId service)
    {
        lock (_gate)
        {
            return _services.TryGetValue(service, out var place) ? place.Silo : null;
        }
    }

    /// <summary>What was last seen on a silo.</summary>
    public ImmutableArray<ServiceId> On(string silo)
    {
        lock (_gate)
        {
            return [.. _services.Where(one => one.Value.Silo == silo).Select(one => one.Key)];
        }
    }

    /// <summary>One of those that were last seen on a silo, another one each time as far as there are others; null when there is none.</summary>
    /// <param name="silo">Which.</param>
    /// <param name="roll">0 or more, and less than 1.</param>
    public ServiceId? OneOn(string silo, double roll)
    {
        var all = On(silo);
        return all.IsEmpty ? null : all[(int)(roll * all.Length)];
    }

    private void Take<TKey>(
        Dictionary<TKey, Place> places, TKey key, string silo, SnapshotVersion version, long activation, bool here, List<Seen<TKey>> seen, List<TKey> left)
        where TKey : notnull
    {
        var known = places.TryGetValue(key, out var before);
        var same = known && before.Silo == silo;
        if (!here)
        {
            // It may be somewhere else already, and that silo's news may have come first.
            if (same)
            {
                places.Remove(key);
                left.Add(key);
            }

            return;
        }

        // A silo that is cut off may hold on to an activation that another one has followed.
        if (!known || same || before.Version.Epoch <= version.Epoch)
        {
            places[key] = new Place(silo, version, activation, _readings.GetValueOrDefault(silo, _lastReading));
            seen.Add(new(key, version, Moved: !same || before.Activation != activation));
        }
    }

    private static List<TKey> Clear<TKey>(Dictionary<TKey, Place> places, string silo, long before)
        where TKey : notnull
    {
        var gone = places.Where(one => one.Value.Silo == silo && one.Value.Reading < before).Select(one => one.Key).ToList();
        gone.ForEach(key => places.Remove(key));
        return gone;
    }

    private readonly record struct Place(string Silo, SnapshotVersion Version, long Activation, long Reading);
}

/// <summary>Something that a silo has.</summary>
/// <param name="Key">What.</param>
/// <param name="Version">At least this.</param>
/// <param name="Moved">Whether it is another activation than was known.</param>
internal readonly record struct Seen<TKey>(TKey Key, SnapshotVersion Version, bool Moved);

/// <summary>What a silo's news, or its end, mean.</summary>
internal sealed class PlaceNews
{
    public List<Seen<ServiceId>> Services { get; } = [];

    public List<Seen<int>> Shards { get; } = [];

    /// <summary>What is nowhere any more, as far as is known.</summary>
    public List<ServiceId> LeftServices { get; } = [];

    public List<int> LeftShards { get; } = [];
}
