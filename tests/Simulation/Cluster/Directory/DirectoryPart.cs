using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Cluster.Membership;
using Orleans.Runtime;

namespace Mesh.Simulation.Cluster.Directory;

/// <summary>
/// One silo's part of the grain directory: where the grains of its share of the ring are. It is in memory alone: whenever the silos that take part change, it asks all of them
/// which grains they have, and who asks it meanwhile waits. A silo that is frozen or cut off is asked until it answers or is declared dead; from then on its grains have no entry,
/// and are made again elsewhere, though it may still have them. So two activations of one grain are possible, as in Orleans, until it learns that it is dead.
/// </summary>
public sealed class DirectoryPart(SiloNode me, ClusterWorld cluster)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly Dictionary<GrainId, string> _entries = [];
    private TaskCompletionSource _whole = new();
    private long _rebuild;

    /// <summary>Where a grain is; where it is to be from now on, when it is nowhere and the asker has a place for it; null when it is nowhere.</summary>
    /// <exception cref="OrleansException">This is not the silo to ask.</exception>
    public async Task<string?> Find(GrainId grain, string? place, long known)
    {
        if (me.Agent.View.Version < known)
        {
            await me.Agent.Refresh();
        }

        await _whole.Task;
        if (Ring.Owner(me.Agent.View.Active, grain.ToString()) != me.Address)
        {
            throw new OrleansException($"The entry of {grain} is not with {me.Address}.");
        }

        if (_entries.TryGetValue(grain, out var found) && !IsGone(found))
        {
            return found;
        }

        if (place is not null)
        {
            _entries[grain] = place;
        }

        return place;
    }

    /// <summary>A grain has left its place.</summary>
    public void Forget(GrainId grain, string place)
    {
        if (_entries.GetValueOrDefault(grain) == place)
        {
            _entries.Remove(grain);
        }
    }

    /// <summary>Asks all silos anew which grains they have.</summary>
    public async Task Rebuild()
    {
        var mine = ++_rebuild;
        _whole = _whole.Task.IsCompleted ? new() : _whole;
        var view = me.Agent.View;
        foreach (var gone in _entries.Where(entry => !IsMine(view, entry.Key) || IsGone(entry.Value)).Select(entry => entry.Key).ToList())
        {
            _entries.Remove(gone);
        }

        foreach (var silo in view.Members.Values.Where(row => row.Status != MemberStatus.Dead).Select(row => row.Address))
        {
            while (mine == _rebuild && !await Take(view, silo))
            {
                await me.Wait(Again);
            }
        }

        if (mine == _rebuild)
        {
            _whole.TrySetResult();
        }
    }

    private bool IsMine(TableView view, GrainId grain) => Ring.Owner(view.Active, grain.ToString()) == me.Address;

    private bool IsGone(string silo) => me.Agent.View.IsDead(silo) && cluster.Bug != ClusterBug.KeepsEntries;

    private async Task<bool> Take(TableView view, string silo)
    {
        try
        {
            foreach (var grain in await cluster.Ask(me, silo, other => Task.FromResult(other.Grains.ToList()), Again))
            {
                if (IsMine(view, grain) && _entries.TryAdd(grain, silo) is false && _entries[grain] != silo)
                {
                    // Two that nobody knew to be the same: the first keeps its place.
                    cluster.Post(me, silo, other => other.TakeDown(grain));
                }
            }

            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
