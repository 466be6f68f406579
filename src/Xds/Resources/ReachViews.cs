using System.Collections.Concurrent;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// The views of all reaches that clients have, each made when the first client with it asks. At most <see cref="MeshResources.MostReaches"/> are shared; a
/// client with a further one is answered from a view that is made for that answer alone, which costs more and says the same.
/// </summary>
internal sealed class ReachViews
{
    private readonly ConcurrentDictionary<Reach, ReachView> _shared;
    private readonly ReachView _everything;
    private readonly Stamp _stamp;

    private ReachViews(ConcurrentDictionary<Reach, ReachView> shared, ReachView everything, Stamp stamp) =>
        (_shared, _everything, _stamp) = (shared, everything, stamp);

    public ReachViews()
        : this(new(), new(Reach.Everything, default), default)
    {
    }

    /// <summary>How many there are besides that of everything.</summary>
    public int Shared => _shared.Count;

    public ReachView this[Reach reach]
    {
        get
        {
            if (reach.IsEverything)
            {
                return _everything;
            }

            if (_shared.TryGetValue(reach, out var view))
            {
                return view;
            }

            view = new ReachView(reach, _stamp);
            // Two threads may pass the bound together; it bounds memory, and one view more or less is no matter.
            return _shared.Count < MeshResources.MostReaches ? _shared.GetOrAdd(reach, view) : view;
        }
    }

    /// <summary>The views of the next version: the same when only endpoints changed, at no cost; else as many steps as there are views.</summary>
    public ReachViews After(ResourceChange change, Stamp stamp)
    {
        if (!change.Cluster && !change.Routes)
        {
            return this;
        }

        var next = new ConcurrentDictionary<Reach, ReachView>();
        foreach (var (reach, view) in _shared)
        {
            if (view.After(change, stamp) is { } kept)
            {
                next.TryAdd(reach, kept);
            }
        }

        return new(next, _everything.After(change, stamp) ?? new(Reach.Everything, stamp), stamp);
    }
}
