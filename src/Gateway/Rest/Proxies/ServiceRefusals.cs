using Mesh.Api;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Rest.Proxies;

/// <summary>
/// What clients refuse now, led back to the services that it describes. Each stream knows its own refusals, and they are put together when somebody
/// looks: there is nothing to forget when a client leaves, and whoever refuses nothing is not looked at. Rejected: a status kept with the policy's
/// document, which every gateway would have to write and take back.
/// </summary>
internal sealed class ServiceRefusals
{
    /// <summary>Refusals that are shown of one service (overflow action: they are counted).</summary>
    public const int Most = 20;

    /// <summary>Nodes that are named of one refusal.</summary>
    public const int MostNodes = 5;

    /// <summary>Characters that are shown of what a client said.</summary>
    public const int MostWords = 256;

    private readonly Dictionary<(ResourceType Type, string Name, string Version, string Words), Seen> _seen = [];

    private ServiceRefusals()
    {
    }

    /// <summary>As it is now.</summary>
    /// <param name="clients">Who refuses what.</param>
    public static ServiceRefusals Of(IEnumerable<(string Node, Refusals Refusals)> clients)
    {
        var all = new ServiceRefusals();
        foreach (var (node, refusals) in clients)
        {
            foreach (var refusal in refusals.First)
            {
                var key = (refusal.Type, refusal.Name, refusal.Version, refusal.Words);
                (all._seen.TryGetValue(key, out var seen) ? seen : all._seen[key] = new()).Add(node, refusal.Since);
            }
        }

        return all;
    }

    /// <summary>Those of one service, the oldest first, and how many there are.</summary>
    /// <param name="service">Which.</param>
    /// <param name="inForce">The service as it stands, which says what documents are in force; null when there is none.</param>
    /// <param name="routesOnly">Only listeners and routes: a document about routes has no part in the rest.</param>
    public (IReadOnlyList<RefusalView> First, int Total) For(ServiceId service, ServiceSnapshot? inForce, bool routesOnly = false)
    {
        var found = _seen
            .Where(each => !(routesOnly && each.Key.Type is ResourceType.Cluster or ResourceType.Endpoints) && Concerns(each.Key.Type, each.Key.Name, each.Key.Words, service))
            .OrderBy(static each => each.Value.Since).ThenBy(static each => each.Key.Type)
            .ThenBy(static each => each.Key.Name, StringComparer.Ordinal).ThenBy(static each => each.Key.Version, StringComparer.Ordinal)
            .ToList();
        return ([.. found.Take(Most).Select(each => View(each.Key, each.Value) with { Documents = Documents(each.Key.Type, inForce) })], found.Count);
    }

    // A route is made of both: of the one its destinations, of the other what the balancer hashes.
    private static IReadOnlyList<string> Documents(ResourceType type, ServiceSnapshot? inForce)
    {
        var routing = type is ResourceType.Listener or ResourceType.Route ? inForce?.Routing?.Source : null;
        return [.. ((string?[])[routing, inForce?.Policy.Source]).OfType<string>()];
    }

    private static RefusalView View((ResourceType Type, string Name, string Version, string Words) key, Seen seen) => new(
        key.Type.ShortName(), key.Name, key.Version, key.Words.Length <= MostWords ? key.Words : string.Concat(key.Words.AsSpan(0, MostWords - 1), "…"),
        seen.Since, seen.Clients, [.. seen.Nodes]);

    // The routes of a sidecar, and of an ingress, are one resource for all services. Whom a refusal of it is about, the client's words say if anything does.
    private static bool Concerns(ResourceType type, string name, string words, ServiceId service) =>
        ResourceNames.ServiceOf(type, name) is { } id ? id == service : name is ResourceNames.Outbound or ResourceNames.Ingress && Mentions(words, service.ToString());

    private static bool Mentions(string words, string name)
    {
        for (var at = words.IndexOf(name, StringComparison.Ordinal); at >= 0; at = words.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            if (Ends(words, at - 1) && Ends(words, at + name.Length))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Ends(string words, int at) => at < 0 || at >= words.Length || !(char.IsAsciiLetterOrDigit(words[at]) || words[at] == '-');

    private sealed class Seen
    {
        public DateTimeOffset Since { get; private set; } = DateTimeOffset.MaxValue;

        public int Clients { get; private set; }

        public SortedSet<string> Nodes { get; } = new(StringComparer.Ordinal);

        public void Add(string node, DateTimeOffset since)
        {
            Clients++;
            Since = since < Since ? since : Since;
            Nodes.Add(node);
            if (Nodes.Count > MostNodes)
            {
                Nodes.Remove(Nodes.Max!);
            }
        }
    }
}
