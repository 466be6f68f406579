using Envoy.Config.Route.V3;
using Google.Protobuf;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// A sidecar's listener and routes: every service under each of its host names. Put together from each service's encoded virtual host, so that a
/// service more costs a copy of bytes and not an encoding of all.
/// </summary>
internal static class OutboundRoutes
{
    /// <summary>The listener never changes.</summary>
    public static EncodedResource Listener { get; } =
        new(ResourceType.Listener, ResourceNames.Outbound, "1", ListenerTranslation.Outbound());

    public static IReadOnlyList<EncodedResource> Listeners { get; } = [Listener];

    public static EncodedResource Encode(IEnumerable<ServiceResources> services, ClientKind kind, Stamp stamp)
    {
        var routes = services.Select(s => s.Routes).ToArray();
        var hosts = Array.ConvertAll(routes, r => r.VirtualHost(kind));
        var head = new RouteConfiguration { Name = ResourceNames.Outbound, IgnorePortInHostMatching = true };
        var bytes = new byte[head.CalculateSize() + hosts.Sum(h => 1 + CodedOutputStream.ComputeLengthSize(h.Length) + h.Length)];
        var output = new CodedOutputStream(bytes);
        head.WriteTo(output);
        foreach (var host in hosts)
        {
            output.WriteTag(RouteConfiguration.VirtualHostsFieldNumber, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(UnsafeByteOperations.UnsafeWrap(host));
        }

        output.CheckNoSpaceLeft();
        var version = ContentHash.Of(routes.Select(r => (r.Name, r.Version)));
        return EncodedResource.FromBytes(ResourceType.Route, ResourceNames.Outbound, version, bytes, stamp.At, stamp.Cause);
    }
}
