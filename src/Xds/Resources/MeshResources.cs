using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Snapshots;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// The resources of the whole mesh at one moment: immutable, so that any number of streams read it without a lock while the one who follows the mesh
/// puts the next one in its place. Resources are encoded when the first stream wants them, and shared from then on.
/// </summary>
/// <remarks>
/// Rejected: generating a type's resources for each client when something changes (istiod), whose cost is clients x resources; and one cache that is
/// updated in place under a lock held while streams are told (go-control-plane).
/// </remarks>
public sealed class MeshResources
{
    /// <summary>
    /// Views of one service by locality that are told apart; clients beyond it use all endpoints alike, as if they had not said where they run.
    /// </summary>
    public const int MostLocalityViews = 128;

    private readonly ImmutableSortedDictionary<ServiceId, ServiceResources> _services;
    private readonly PerKind<IReadOnlyList<EncodedResource>> _clusters;
    private readonly PerKind<EncodedResource> _outboundRoutes;
    private readonly PerKind<IResourceSource> _sources;

    private MeshResources(
        ImmutableSortedDictionary<ServiceId, ServiceResources> services,
        PerKind<IReadOnlyList<EncodedResource>>? clusters,
        PerKind<EncodedResource>? outboundRoutes,
        Stamp stamp)
    {
        _services = services;
        _clusters = clusters ?? new(kind => [.. services.Values.Select(s => s.Cluster[kind])]);
        _outboundRoutes = outboundRoutes ?? new(kind => OutboundRoutes.Encode(services.Values, kind, stamp));
        _sources = new(kind => new Source(this, new ClientProfile { Kind = kind }));
    }

    /// <summary>A mesh without services.</summary>
    public static MeshResources Empty { get; } =
        new(ImmutableSortedDictionary<ServiceId, ServiceResources>.Empty, null, null, default);

    /// <summary>How many services there are.</summary>
    public int Services => _services.Count;

    /// <summary>The next state, and what of it differs from this one.</summary>
    /// <param name="service">Which service changed.</param>
    /// <param name="after">Its newest snapshot; null when it is gone.</param>
    /// <param name="at">When, for a service that is gone; otherwise the snapshot says.</param>
    /// <param name="cause">W3C traceparent of a removal's cause; otherwise the snapshot says.</param>
    public (MeshResources Next, ResourceChange Change) With(
        ServiceId service, ServiceSnapshot? after, DateTimeOffset at = default, string? cause = null)
    {
        _services.TryGetValue(service, out var before);
        if (after is null)
        {
            var gone = before is not null;
            return gone
                ? (new(_services.Remove(service), null, null, new Stamp(at, cause)), new ResourceChange(service, true, true, true))
                : (this, default);
        }

        var (resources, change) = ServiceResources.Of(after, before);
        if (!change.Any)
        {
            return (this, change);
        }

        var next = new MeshResources(
            _services.SetItem(service, resources),
            change.Cluster ? null : _clusters,
            change.Routes ? null : _outboundRoutes,
            new Stamp(after.At, after.Cause));
        return (next, change);
    }

    /// <summary>The mesh as one kind of client sees it that says nothing else of itself.</summary>
    public IResourceSource For(ClientKind kind) => _sources[kind];

    /// <summary>The mesh as a client sees it.</summary>
    public IResourceSource For(ClientProfile client) => client.Place == ClientPlace.Unknown ? _sources[client.Kind] : new Source(this, client);

    private sealed class Source(MeshResources mesh, ClientProfile client) : IResourceSource
    {
        private readonly ClientKind _kind = client.Kind;

        public EncodedResource? Find(ResourceType type, string name)
        {
            if (name == ResourceNames.Outbound)
            {
                return type switch
                {
                    ResourceType.Listener => OutboundRoutes.Listener,
                    ResourceType.Route => mesh._outboundRoutes[_kind],
                    _ => null,
                };
            }

            if (ResourceNames.ServiceOf(type, name) is not { } id || !mesh._services.TryGetValue(id, out var service))
            {
                return null;
            }

            return type switch
            {
                ResourceType.Cluster => service.Cluster[_kind],
                ResourceType.Endpoints => service.Endpoints.For(_kind, client.Place),
                _ => service.Routes.Named(type, _kind, name),
            };
        }

        public IReadOnlyList<EncodedResource> All(ResourceType type) => type switch
        {
            ResourceType.Cluster => mesh._clusters[_kind],
            ResourceType.Listener => OutboundRoutes.Listeners,
            _ => [],
        };
    }
}
