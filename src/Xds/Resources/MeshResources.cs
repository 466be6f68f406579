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

    /// <summary>Reaches whose clusters and routes are kept and shared; a client with one beyond it is answered from what is made for that answer.</summary>
    public const int MostReaches = 128;

    private readonly ImmutableSortedDictionary<ServiceId, ServiceResources> _services;
    private readonly ImmutableDictionary<ServiceId, ServiceResources> _absent;
    private readonly ReachViews _views;
    private readonly RouteLeads _leads;
    private readonly PerKind<IResourceSource> _sources;

    private MeshResources(
        ImmutableSortedDictionary<ServiceId, ServiceResources> services, ImmutableDictionary<ServiceId, ServiceResources> absent, ReachViews views, RouteLeads leads)
    {
        _services = services;
        _absent = absent;
        _leads = leads;
        _views = views;
        _sources = new(kind => new Source(this, new ClientProfile { Kind = kind }));
    }

    /// <summary>A mesh without services.</summary>
    public static MeshResources Empty => new(
        ImmutableSortedDictionary<ServiceId, ServiceResources>.Empty, ImmutableDictionary<ServiceId, ServiceResources>.Empty, new(), RouteLeads.None);

    /// <summary>How many services there are.</summary>
    public int Services => _services.Count;

    /// <summary>How many reaches, besides that of everything, have their clusters or routes kept for whoever asks next.</summary>
    public int SharedReaches => _views.Shared;

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
            if (before is null)
            {
                return (this, default);
            }

            return Next(_services.Remove(service), new(service, true, true, true), Stamp.Of(at, cause), before, null);
        }

        var stamp = Stamp.Of(after.At, after.Cause);
        var (resources, change) = ServiceResources.Of(after, before, stamp);
        if (!change.Any)
        {
            return (this, change);
        }

        return Next(_services.SetItem(service, resources), change, stamp, before, resources);
    }

    private (MeshResources Next, ResourceChange Change) Next(
        ImmutableSortedDictionary<ServiceId, ServiceResources> services, ResourceChange change, Stamp stamp, ServiceResources? before, ServiceResources? after)
    {
        var (leads, led) = change.Routes ? _leads.With(change.Service, before?.Routes.Leads ?? [], after?.Routes.Leads ?? []) : (_leads, null);
        change = change with { LedFrom = leads.To(change.Service), Led = led };
        var absent = _absent;
        foreach (var other in (led ?? []).Append(change.Service))
        {
            var isAbsent = leads.To(other) is not null && !services.ContainsKey(other);
            absent = !isAbsent ? absent.Remove(other) : absent.ContainsKey(other) ? absent : absent.Add(other, ServiceResources.Absent(other, stamp));
        }

        return (new(services, absent, _views.After(change, stamp), leads), change);
    }

    /// <summary>Those whose clusters a client within that reach needs, by id: what it reaches, and where the routes to that lead.</summary>
    internal IEnumerable<ServiceResources> Within(Reach reach)
    {
        var own = reach.Of(_services);
        return _leads.IsEmpty ? own : own
            .SelectMany(service => service.Routes.Leads.Select(to => Standing(to)!).Prepend(service))
            .DistinctBy(static service => service.Routes.Name)
            .OrderBy(static service => ServiceId.Parse(service.Routes.Name));
    }

    private bool IsWithin(ServiceId service, Reach reach) => reach.Includes(service) || _leads.To(service)?.Any(reach.Includes) == true;

    /// <summary>What there is of a service. One that does not exist has a cluster without endpoints while routes lead to it.</summary>
    /// <remarks>
    /// Rejected: leaving it to the client. gRPC's wait 15 s for a cluster that they have named and that nobody has; with grpc-js all calls of a client that starts
    /// meanwhile do, not only those of that share. One misspelt name would stop a mesh's restarts.
    /// </remarks>
    private ServiceResources? Standing(ServiceId service) =>
        _services.TryGetValue(service, out var found) ? found : _absent.GetValueOrDefault(service);

    /// <summary>The mesh as one kind of client sees it that says nothing else of itself.</summary>
    public IResourceSource For(ClientKind kind) => _sources[kind];

    /// <summary>The mesh as a client sees it.</summary>
    public IResourceSource For(ClientProfile client) =>
        client.Place == ClientPlace.Unknown && client.Role == ClientRole.Sidecar && client.Reach.IsEverything ? _sources[client.Kind] : new Source(this, client);

    private sealed class Source(MeshResources mesh, ClientProfile client) : IResourceSource
    {
        private readonly ClientKind _kind = client.Kind;

        public EncodedResource? Find(ResourceType type, string name)
        {
            // What is named is answered, whatever the client reaches; the mesh's routes are to what it reaches.
            if (type == ResourceType.Route && ResourceNames.RoleOf(name) is { } role)
            {
                return mesh._views[client.Reach].Routes(role, _kind, mesh._services);
            }

            if (type == ResourceType.Listener && MeshListeners.Find(name) is { } listener)
            {
                return listener;
            }

            if (ResourceNames.ServiceOf(type, name) is not { } id)
            {
                return null;
            }

            return type switch
            {
                ResourceType.Cluster => mesh.Standing(id)?.Cluster[_kind],
                ResourceType.Endpoints => mesh.Standing(id)?.Endpoints.For(_kind, client.Place),
                _ => mesh._services.GetValueOrDefault(id)?.Routes.Named(type, _kind, name),
            };
        }

        public bool Includes(ResourceType type, string name) => type switch
        {
            ResourceType.Cluster or ResourceType.Endpoints => ResourceNames.ServiceOf(type, name) is { } id && mesh.IsWithin(id, client.Reach),
            ResourceType.Listener => name == MeshListeners.Of(client.Role)[0].Name,
            _ => ResourceNames.RoleOf(name) == client.Role,
        };

        public IReadOnlyList<EncodedResource> All(ResourceType type) => type switch
        {
            ResourceType.Cluster => mesh._views[client.Reach].Clusters(_kind, mesh),
            ResourceType.Endpoints => [.. mesh.Within(client.Reach).Select(service => service.Endpoints.For(_kind, client.Place))],
            ResourceType.Listener => MeshListeners.Of(client.Role),
            ResourceType.Route => [mesh._views[client.Reach].Routes(client.Role, _kind, mesh._services)],
            _ => [],
        };
    }
}
