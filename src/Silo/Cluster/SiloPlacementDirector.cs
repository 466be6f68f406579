#if CLUSTER
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Mesh.Silo.Cluster;

/// <summary>
/// Places a grain on the silo that its key names. When that one is dead, or has joined a moment ago and is not known here, on any: there the grain sees that it is
/// in the wrong place, says so and goes.
/// </summary>
internal sealed class SiloPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        var named = target.GrainIdentity.Key.ToString();
        return Task.FromResult(Array.Find(silos, silo => silo.ToParsableString() == named)
            ?? (silos.Contains(context.LocalSilo) ? context.LocalSilo : silos[0]));
    }
}
#endif
