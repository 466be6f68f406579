using System.Collections.Immutable;
using Mesh.Proxy.LoadBalancing;

namespace Mesh.Proxy.Gateways;

/// <summary>
/// In which order a proxy likes its gateways: by a hash of its own id and each gateway's name, the highest first (rendezvous hashing, Thaler and Ravishankar 1998). Nobody has
/// to tell anybody anything, and yet all proxies together are spread evenly, those of a lost gateway spread evenly over the rest, and nobody else moves.
/// <para>
/// Rejected: the order of the list (everybody at the first), a random one (another after each restart, and nothing to come back to), and having gateways count and send
/// proxies away (they would have to know of each other, and two that do so at once make proxies go round in circles).
/// </para>
/// </summary>
public static class GatewayOrder
{
    /// <summary>The gateways, the best for this proxy first.</summary>
    public static ImmutableArray<Gateway> Rank(string proxy, IEnumerable<Gateway> gateways) =>
    [
        .. gateways.DistinctBy(static gateway => gateway.Name)
            .OrderByDescending(gateway => XxHash64.Of($"{proxy}\n{gateway.Name}"))
            .ThenBy(static gateway => gateway.Name, StringComparer.Ordinal),
    ];
}
