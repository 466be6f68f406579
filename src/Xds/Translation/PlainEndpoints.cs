using System.Collections.Immutable;
using Mesh.Core.Localities;

namespace Mesh.Xds.Translation;

/// <summary>
/// The endpoints of a service for a client that takes a plain list of them, as MOSN does: what it would read of priorities, localities and large weights is decided
/// here instead. It gets the first priority alone, in one group (of several it keeps the last it is told of), and weights up to 128 (it cuts off what is
/// beyond, which would change the shares).
/// </summary>
internal static class PlainEndpoints
{
    /// <summary>The largest weight that MOSN tells from others.</summary>
    public const uint MostWeight = 128;

    /// <summary>One group of the first priority's endpoints; none when there are no endpoints.</summary>
    public static ImmutableArray<LocalityGroup> Group(ImmutableArray<LocalityGroup> groups)
    {
        if (groups.IsEmpty)
        {
            return groups;
        }

        var first = groups.Min(static group => group.Priority);
        var members = groups.Where(group => group.Priority == first).SelectMany(static group => group.Members).ToImmutableArray();
        // Alone, its weight says nothing.
        return [new LocalityGroup(0, Core.Locality.Unknown, 1, members)];
    }

    /// <summary>The same endpoints with weights in the same proportions, as far as whole numbers up to <see cref="MostWeight"/> allow; none is lost.</summary>
    public static ImmutableArray<ServedEndpoint> Scale(ImmutableArray<ServedEndpoint> endpoints)
    {
        var most = endpoints.IsEmpty ? 0 : endpoints.Max(static e => e.Weight);
        return most <= MostWeight
            ? endpoints
            : [.. endpoints.Select(e => e with { Weight = (uint)Math.Max(1, ((ulong)e.Weight * MostWeight + (most / 2)) / most) })];
    }
}
