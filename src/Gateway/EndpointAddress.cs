using System.Net;
using System.Net.Sockets;

namespace Mesh.Gateway;

/// <summary>What an endpoint's address may be: an IP address, because EDS and proxyless clients take nothing else.</summary>
internal static class EndpointAddress
{
    public const string Remedy = "Give an IPv4 or IPv6 address; resolve a host name first, because proxyless clients take none.";

    /// <summary>An IP address in its usual form; null for anything else, also for the short forms of old such as <c>127.1</c>.</summary>
    public static string? Canonical(string text) =>
        IPAddress.TryParse(text, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.Contains('%', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal)
            : address.ToString() == text)
            ? address.ToString()
            : null;
}
