using System.Net;
using System.Net.Sockets;

namespace Mesh.Core;

/// <summary>
/// What an endpoint's address may be: an IP address, because EDS and proxyless clients take nothing else, and one that can be connected to. A workload that
/// registers the 0.0.0.0 it listens on would otherwise be connected to by each proxy on the proxy's own machine.
/// </summary>
public static class EndpointAddress
{
    /// <summary>What to do about an address that is none.</summary>
    public const string Remedy = "Give an IPv4 or IPv6 address; resolve a host name first, because proxyless clients take none.";

    /// <summary>What to do about an address that is nobody's.</summary>
    public const string NobodyRemedy = "Give the address under which others reach the workload; it may listen on 0.0.0.0, but not be registered there.";

    /// <summary>An IP address in its usual form; null for anything else, also for the short forms of old such as <c>127.1</c>.</summary>
    public static string? Canonical(string text) =>
        IPAddress.TryParse(text, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.Contains('%', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal)
            : address.ToString() == text)
            ? address.ToString()
            : null;

    /// <summary>Whether a canonical address is nobody's in particular: unspecified, multicast or broadcast.</summary>
    public static bool IsNobody(string canonical)
    {
        var address = IPAddress.Parse(canonical);
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Broadcast) || address.IsIPv6Multicast
            || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] is >= 224 and < 240);
    }
}
