using System.Collections.Concurrent;
using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// What EDS says of a service. Where localities make no difference, that is one resource for each kind of client. Where they do, it is one for each view
/// (<see cref="LocalityViews"/>), encoded when the first client with that view wants it and shared by all others: a change re-encodes nothing that nobody
/// asks for.
/// </summary>
internal sealed class EndpointsPart
{
    private readonly ImmutableArray<ServedEndpoint> _endpoints;
    private readonly LocalityLbSetting? _setting;
    private readonly Func<ClientKind, ClientPlace, EncodedResource> _encode;
    private readonly PerKind<EncodedResource> _shared;
    private readonly LocalityViews? _views;
    private readonly ConcurrentDictionary<(ClientKind, ClientPlace), EncodedResource> _encoded = new();

    // Goes from version to version, so that who has its own view keeps it when endpoints change.
    private readonly ConcurrentDictionary<ClientPlace, bool> _admitted;

    public EndpointsPart(ServiceId service, ImmutableArray<ServedEndpoint> endpoints, LocalityLbSetting? setting, Stamp stamp, EndpointsPart? before = null)
    {
        (_endpoints, _setting) = (endpoints, setting);
        _views = setting is null ? null : new(setting, [.. endpoints.Select(static e => e.Placed)]);
        _admitted = before is not null && before._setting == setting ? before._admitted : new();
        _encode = (kind, client) => stamp.Encode(
            ResourceType.Endpoints,
            service.ToString(),
            setting is null ? EndpointsTranslation.Translate(service, endpoints, kind) : EndpointsTranslation.Translate(service, endpoints, kind, setting, client));
        _shared = new(kind => _encode(kind, ClientPlace.Unknown));
    }

    public EncodedResource For(ClientKind kind, ClientPlace client)
    {
        var view = _views?.ViewOf(client) ?? ClientPlace.Unknown;
        return view == ClientPlace.Unknown || !Admits(view) ? _shared[kind] : _encoded.GetOrAdd((kind, view), key => _encode(key.Item1, key.Item2));
    }

    public bool Says(ImmutableArray<ServedEndpoint> others, LocalityLbSetting? setting) =>
        _setting == setting && _endpoints.AsSpan().SequenceEqual(others.AsSpan());

    private bool Admits(ClientPlace view)
    {
        if (_admitted.ContainsKey(view))
        {
            return true;
        }

        if (_admitted.Count >= MeshResources.MostLocalityViews)
        {
            return false;
        }

        _admitted.TryAdd(view, true);
        return true;
    }
}
