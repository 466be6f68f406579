using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Proxy.Model;
using Mesh.Xds;

namespace Mesh.Proxy.Discovery;

/// <summary>What follows from an event on the stream.</summary>
/// <param name="Requests">To be sent, in this order.</param>
/// <param name="Clusters">Names of clusters whose compiled form is out of date.</param>
/// <param name="Hosts">Whether what hosts lead to may have changed.</param>
public sealed record AdsStep(IReadOnlyList<DiscoveryRequest> Requests, IReadOnlySet<string> Clusters, bool Hosts);

/// <summary>
/// The state-of-the-world protocol as proxyless gRPC speaks it, without a stream and without a clock: answers go in, requests come out.
/// Hosts are wanted by name; from each listener follows which routes are wanted, from these which clusters, and from those which endpoints.
///
/// Rejected: asking for everything by wildcard, as a sidecar of Envoy does. A proxy beside one workload talks to few services of many, and
/// should neither hold nor be sent the rest.
/// </summary>
public sealed class AdsState
{
    private const int InvalidArgument = 3;

    // A name that stands for nothing (RFC 2606).
    private const string NoHost = "nothing-yet.invalid";
    private readonly Node _node;
    private readonly ResourceSet[] _all;
    private bool _open;
    private bool _introduced;

    /// <summary>Nothing is wanted and no stream is open.</summary>
    public AdsState(Node node)
    {
        _node = node;
        _all = [Listeners, Routes, Clusters, Endpoints];
    }

    /// <summary>LDS.</summary>
    public ResourceSet<Listener, ListenerConfig> Listeners { get; } = new(ResourceTypes.ListenerUrl, true, l => l.Name, ListenerDecoder.Decode);

    /// <summary>RDS.</summary>
    public ResourceSet<RouteConfiguration, RouteTable> Routes { get; } = new(ResourceTypes.RouteUrl, false, r => r.Name, RouteDecoder.Decode);

    /// <summary>CDS.</summary>
    public ResourceSet<Cluster, ClusterConfig> Clusters { get; } = new(ResourceTypes.ClusterUrl, true, c => c.Name, ClusterDecoder.Decode);

    /// <summary>EDS.</summary>
    public ResourceSet<ClusterLoadAssignment, EndpointsConfig> Endpoints { get; } =
        new(ResourceTypes.EndpointsUrl, false, e => e.ClusterName, EndpointsDecoder.Decode);

    /// <summary>All four, in the order in which they follow from each other.</summary>
    public IReadOnlyList<ResourceSet> All => _all;

    /// <summary>The names of the listeners that an answer holds; those that cannot be read are left out.</summary>
    public static IEnumerable<string> ListenersIn(DiscoveryResponse response)
    {
        foreach (var any in response.TypeUrl == ResourceTypes.ListenerUrl ? response.Resources : [])
        {
            Listener? listener = null;
            try
            {
                listener = Listener.Parser.ParseFrom(any.Value);
            }
            catch (Google.Protobuf.InvalidProtocolBufferException)
            {
            }

            if (listener is not null)
            {
                yield return listener.Name;
            }
        }
    }

    /// <summary>The routes a host has now; null while they are not known.</summary>
    public RouteTable? RoutesOf(ListenerConfig listener) => listener.Inline ?? Routes.Find(listener.RouteName!);

    /// <summary>
    /// A stream was opened: asks again for all that is wanted, saying what is there already. When nothing is wanted, asks for a host that does not
    /// exist: a control plane closes a stream that says nothing, and only an answer shows that it is there.
    /// </summary>
    public AdsStep Opened()
    {
        _open = true;
        _introduced = false;
        var requests = new List<DiscoveryRequest>();
        foreach (var set in _all)
        {
            set.Reopen();
            if (set.Wanted.Count > 0)
            {
                requests.Add(Ask(set, set.Wanted));
            }
        }

        if (requests.Count == 0)
        {
            requests.Add(Ask(Listeners, [NoHost]));
        }

        return new AdsStep(requests, new HashSet<string>(), false);
    }

    /// <summary>The stream ended. What is known stays.</summary>
    public void Closed() => _open = false;

    /// <summary>Changes which hosts are wanted.</summary>
    public AdsStep Want(IEnumerable<string> hosts)
    {
        var requests = new List<DiscoveryRequest>();
        Rename(Listeners, hosts, requests);
        var stale = new HashSet<string>(StringComparer.Ordinal);
        Follow(requests, stale);
        return new AdsStep(requests, stale, true);
    }

    /// <summary>Takes an answer: what of it is good is in force, and the requests acknowledge or refuse it.</summary>
    public AdsStep Receive(DiscoveryResponse response)
    {
        var requests = new List<DiscoveryRequest>();
        var stale = new HashSet<string>(StringComparer.Ordinal);
        if (_all.FirstOrDefault(s => s.TypeUrl == response.TypeUrl) is not { } set)
        {
            return new AdsStep(requests, stale, false);
        }

        var taken = set.Take(response.VersionInfo, response.Nonce, response.Resources);
        if (ReferenceEquals(set, Clusters))
        {
            stale.UnionWith(taken.Changed);
        }
        else if (ReferenceEquals(set, Endpoints))
        {
            var changed = taken.Changed.ToHashSet(StringComparer.Ordinal);
            stale.UnionWith(Clusters.Names.Where(c => changed.Contains(Clusters.Find(c)!.EndpointsName)));
        }

        requests.Add(Ask(set, set.Wanted));
        Follow(requests, stale);
        return new AdsStep(requests, stale, !ReferenceEquals(set, Endpoints));
    }

    /// <summary>Derives what is wanted of each type from what is known of the one before it.</summary>
    private void Follow(List<DiscoveryRequest> requests, HashSet<string> stale)
    {
        var listeners = Listeners.Names.Select(n => Listeners.Find(n)!).ToList();
        Rename(Routes, listeners.Where(l => l.RouteName is not null).Select(l => l.RouteName!), requests);
        var known = Clusters.Names.ToHashSet(StringComparer.Ordinal);
        Rename(Clusters, listeners.Select(RoutesOf).Where(r => r is not null).SelectMany(r => r!.Clusters), requests);
        known.ExceptWith(Clusters.Names);
        stale.UnionWith(known);

        // A cluster that is wanted but for the moment not there keeps its endpoints, so that its return costs no round trip.
        var endpoints = Clusters.Names.Select(n => Clusters.Find(n)!.EndpointsName);
        var orphans = Clusters.Wanted.Where(w => Clusters.Find(w) is null && Endpoints.Find(w) is not null);
        Rename(Endpoints, endpoints.Concat(orphans), requests);
    }

    private void Rename(ResourceSet set, IEnumerable<string> names, List<DiscoveryRequest> requests)
    {
        if (!set.Want(names))
        {
            return;
        }

        // The acknowledgement of the same answer, if one is on its way, says everything that a second request would.
        requests.RemoveAll(r => r.TypeUrl == set.TypeUrl);
        if (_open && (set.Wanted.Count > 0 || set.Asked))
        {
            requests.Add(Ask(set, set.Wanted));
        }
    }

    private DiscoveryRequest Ask(ResourceSet set, IEnumerable<string> names)
    {
        set.Asked = true;
        var request = new DiscoveryRequest
        {
            TypeUrl = set.TypeUrl,
            VersionInfo = set.Version,
            ResponseNonce = set.Nonce,
            ResourceNames = { names },
        };
        if (set.Nonce.Length > 0 && set.Refusal is { } why)
        {
            request.ErrorDetail = new Google.Rpc.Status { Code = InvalidArgument, Message = why };
        }

        if (!_introduced)
        {
            request.Node = _node;
            _introduced = true;
        }

        return request;
    }
}
