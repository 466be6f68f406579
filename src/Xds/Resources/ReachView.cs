using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// What a wildcard means to all clients with one reach: their list of clusters, and the routes of a sidecar or an ingress. Made for each kind of client when the
/// first one asks, and shared. It goes from version to version of the mesh for as long as nothing within the reach changes: endpoints never count, since neither
/// clusters nor routes hold any.
/// </summary>
internal sealed class ReachView
{
    private readonly Reach _reach;
    private readonly PerKindCache<IReadOnlyList<EncodedResource>> _clusters;
    private readonly RouteSets _routes;
    private volatile bool _read;

    public ReachView(Reach reach, Stamp stamp)
        : this(reach, new(), new(stamp))
    {
    }

    private ReachView(Reach reach, PerKindCache<IReadOnlyList<EncodedResource>> clusters, RouteSets routes) =>
        (_reach, _clusters, _routes) = (reach, clusters, routes);

    /// <summary>The clusters within reach, by id.</summary>
    /// <param name="kind">For whom.</param>
    /// <param name="mesh">Any version that this view belongs to: they differ in their endpoints only. It is not kept.</param>
    public IReadOnlyList<EncodedResource> Clusters(ClientKind kind, MeshResources mesh)
    {
        _read = true;
        return _clusters[kind] ?? _clusters.Keep(kind, [.. mesh.Within(_reach).Select(service => service.Cluster[kind])]);
    }

    /// <summary>The routes to all services within reach, under the name of a sidecar's or an ingress's route configuration.</summary>
    public EncodedResource Routes(ClientRole role, ClientKind kind, ImmutableSortedDictionary<ServiceId, ServiceResources> services)
    {
        _read = true;
        var made = role == ClientRole.Ingress ? _routes.Ingress : _routes.Outbound;
        return made[kind] ?? made.Keep(kind, MeshRoutes.Encode(ResourceNames.RoutesOf(role), _reach.Of(services), kind, _routes.Stamp));
    }

    /// <summary>
    /// The view of the next version. Null when it would have to be made anew and nobody has looked at this one: whoever wants it comes back for it, and a reach
    /// that nobody has any more gives up its place.
    /// </summary>
    public ReachView? After(ResourceChange change, Stamp stamp)
    {
        var (clusters, routes) = (change.ConcernsClusters(_reach), change.Routes && _reach.Includes(change.Service));
        if (!clusters && !routes)
        {
            return this;
        }

        return _read ? new(_reach, clusters ? new() : _clusters, routes ? new(stamp) : _routes) : null;
    }

    private sealed class RouteSets(Stamp stamp)
    {
        public Stamp Stamp => stamp;

        public PerKindCache<EncodedResource> Outbound { get; } = new();

        public PerKindCache<EncodedResource> Ingress { get; } = new();
    }
}
