using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Snapshots;

namespace Mesh.Grains.Cluster;

/// <summary>
/// What lives on this silo, in its newest version: the services and the catalog's shards that are awake here write it down as they publish, and gateways read
/// what changed. A hint is quicker, but it is lost when a grain has moved and forgot who watched it, or when its silo died with it; what stands here is found by
/// who looks a second later.
/// </summary>
/// <remarks>
/// Not a grain: to write must cost no more than a dictionary's write, as it is done with each publication. Rejected: a grain that indexes all services, which each
/// publication in the mesh would have to call, and which would be missing when its silo dies.
/// </remarks>
public sealed class SiloBoard
{
    /// <summary>The seat of who has left, for what it may still want to publish.</summary>
    public const long Left = -1;

    private const int GoneRemembered = 4_096;
    private const int LargestPage = 10_000;

    private readonly string _log = Guid.NewGuid().ToString("N");
    private readonly Lock _gate = new();
    private readonly ChangeLog<Subject, Standing> _changes = new(GoneRemembered);
    private long _seats;

    /// <summary>An activation of a service has published a version.</summary>
    /// <param name="service">Which.</param>
    /// <param name="seat">What the last call answered; 0 at the first, which enters the activation.</param>
    /// <param name="version">The version. One that is not newer than what stands here under that seat changes nothing.</param>
    /// <returns>The activation's seat. Who has left, or lost it to a later activation on this silo, changes nothing any more.</returns>
    public long Publish(ServiceId service, long seat, SnapshotVersion version) => Publish(new Subject(service, -1), seat, version);

    /// <summary>An activation of a service is taken down.</summary>
    public void Leave(ServiceId service, long seat) => Leave(new Subject(service, -1), seat);

    /// <summary>A shard of the catalog has a version on disk; as for services.</summary>
    public long Publish(int shard, long seat, long version) => Publish(new Subject(default, shard), seat, new(0, version));

    /// <summary>An activation of a shard of the catalog is taken down.</summary>
    public void Leave(int shard, long seat) => Leave(new Subject(default, shard), seat);

    /// <summary>What changed since the reader was last here.</summary>
    public SiloNews Read(SiloNewsRequest request)
    {
        ReadMark? since = request.Since is { } mark && mark.Log == _log ? new(mark.From, mark.After) : null;
        ChangePage<Subject, Standing> page;
        lock (_gate)
        {
            page = _changes.Read(since, Math.Clamp(request.Limit, 1, LargestPage));
        }

        return new()
        {
            Next = new(_log, page.Next.From, page.Next.After),
            Anew = page.Anew,
            More = page.More,
            Services = [.. page.Changes.Where(change => change.Key.Shard < 0)
                .Select(change => new ServiceNews(change.Key.Service, change.Value.Version, change.Here))],
            Shards = [.. page.Changes.Where(change => change.Key.Shard >= 0)
                .Select(change => new ShardNews(change.Key.Shard, change.Value.Version.Number, change.Value.Seat, change.Here))],
        };
    }

    private long Publish(Subject subject, long seat, SnapshotVersion version)
    {
        lock (_gate)
        {
            if (seat == 0)
            {
                seat = ++_seats;
                _changes.Put(subject, new Standing(seat, version));
            }
            else if (_changes.TryGet(subject, out var standing) && standing.Seat == seat && standing.Version < version)
            {
                _changes.Put(subject, new Standing(seat, version));
            }

            return seat;
        }
    }

    private void Leave(Subject subject, long seat)
    {
        lock (_gate)
        {
            if (_changes.TryGet(subject, out var standing) && standing.Seat == seat)
            {
                _changes.Remove(subject);
            }
        }
    }

    private readonly record struct Subject(ServiceId Service, int Shard);

    private readonly record struct Standing(long Seat, SnapshotVersion Version);
}
