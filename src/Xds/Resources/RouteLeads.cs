using System.Collections.Immutable;
using Mesh.Core;

namespace Mesh.Xds.Resources;

/// <summary>
/// Which services' routes lead to which others: who reaches a service that is split needs the clusters of all its parts, wherever they are. Immutable; costs
/// nothing for services whose routes lead to themselves.
/// </summary>
internal sealed class RouteLeads
{
    private readonly ImmutableDictionary<ServiceId, ImmutableHashSet<ServiceId>> _from;

    private RouteLeads(ImmutableDictionary<ServiceId, ImmutableHashSet<ServiceId>> from) => _from = from;

    public bool IsEmpty => _from.IsEmpty;

    public static RouteLeads None { get; } = new(ImmutableDictionary<ServiceId, ImmutableHashSet<ServiceId>>.Empty);

    /// <summary>The services whose routes lead to this one; null when there are none.</summary>
    public ImmutableHashSet<ServiceId>? To(ServiceId service) => _from.GetValueOrDefault(service);

    /// <summary>The next state, and to whom the routes of this service lead now and did not, or no longer do; null when nobody.</summary>
    public (RouteLeads Next, ImmutableArray<ServiceId>? Differs) With(ServiceId service, ImmutableArray<ServiceId> before, ImmutableArray<ServiceId> after)
    {
        var (gone, come) = (before.Except(after).ToImmutableArray(), after.Except(before).ToImmutableArray());
        if (gone.IsEmpty && come.IsEmpty)
        {
            return (this, null);
        }

        var from = _from.ToBuilder();
        foreach (var target in gone)
        {
            if (from[target].Remove(service) is { IsEmpty: false } left)
            {
                from[target] = left;
            }
            else
            {
                from.Remove(target);
            }
        }

        foreach (var target in come)
        {
            from[target] = from.GetValueOrDefault(target, []).Add(service);
        }

        return (new(from.ToImmutable()), gone.AddRange(come));
    }
}
