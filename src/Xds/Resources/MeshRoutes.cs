using Envoy.Config.Route.V3;
using Google.Protobuf;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>
/// The routes of a sidecar or an ingress: every service within its reach under each of its host names. Put together from each service's encoded virtual host,
/// so that a service more costs a copy of bytes and not an encoding of all.
/// </summary>
internal static class MeshRoutes
{
    public static EncodedResource Encode(string name, IEnumerable<ServiceResources> services, ClientKind kind, Stamp stamp)
    {
        var routes = services.Select(s => s.Routes).ToArray();
        var hosts = Array.ConvertAll(routes, r => r.VirtualHost(kind));
        var head = new RouteConfiguration { Name = name, IgnorePortInHostMatching = kind.MayIgnorePorts() };
        var bytes = new byte[head.CalculateSize() + hosts.Sum(h => 1 + CodedOutputStream.ComputeLengthSize(h.Bytes.Length) + h.Bytes.Length)];
        var output = new CodedOutputStream(bytes);
        head.WriteTo(output);
        foreach (var host in hosts)
        {
            output.WriteTag(RouteConfiguration.VirtualHostsFieldNumber, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(UnsafeByteOperations.UnsafeWrap(host.Bytes));
        }

        output.CheckNoSpaceLeft();
        // As good as a hash of all the bytes, and a tenth of the work.
        var version = ContentHash.Of(routes.Zip(hosts, (route, host) => (route.Name, host.Version)).Prepend((name, ContentHash.Of(head.ToByteArray()))));
        return stamp.Encode(ResourceType.Route, name, version, bytes);
    }
}
