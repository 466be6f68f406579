using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mesh.Xds.Translation;

/// <summary>
/// The name by which an xDS-enabled gRPC server asks for its listener: <c>grpc/server?xds.resource.listening_address=0.0.0.0:50051</c>, or
/// <c>[::]:50051</c>, as the bootstrap of each language's library makes it (gRFC A36). The server compares the address in the answer with its own, letter by
/// letter, so it is handed back as it came.
/// </summary>
public static class GrpcServerName
{
    /// <summary>What all such names begin with.</summary>
    public const string Prefix = "grpc/server?xds.resource.listening_address=";

    // The longest is an IPv6 address that ends in an IPv4 one, in brackets, with a port.
    private const int Longest = 45 + 2 + 6;

    /// <summary>The address in a name; false when the name is no such name, or its address not an IP address with a port.</summary>
    public static bool TryParse(string name, out (string Address, int Port) address)
    {
        address = default;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && TryRead(name[Prefix.Length..], out address);
    }

    private static bool TryRead(string text, [MaybeNullWhen(false)] out (string Address, int Port) address)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        if (text.Length > Longest || colon <= 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return false;
        }

        var host = text[..colon];
        var bracketed = host is ['[', .., ']'];
        host = bracketed ? host[1..^1] : host;
        // A scope (%eth0) means nothing to anybody else, and .NET takes numbers like 1 or 0x7f000001 for addresses.
        if (host.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(host, out var ip)
            || bracketed != (ip.AddressFamily == AddressFamily.InterNetworkV6)
            || (!bracketed && ip.ToString() != host))
        {
            return false;
        }

        address = (host, port);
        return true;
    }
}
