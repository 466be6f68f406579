using System.Globalization;
using Mesh.Api;
using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest.Proxies;

/// <summary><c>/v1/proxies/{node}/config</c>: what that proxy was sent, stream by stream, type by type, name by name.</summary>
internal static class ProxyConfigs
{
    /// <summary>Encoded bytes of resources that one page may show the bodies of (overflow action: the page ends after the one that passes it).</summary>
    public const int PageBytes = 4 * 1024 * 1024;

    public static IResult Get(string node, HttpContext http, IProxyRegistry proxies, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var (type, resource, bodies) = (Type(query), query.Text("resource"), query.Flag("bodies"));
        var (after, limit) = query.Page();
        if (query.Refusal() is { } refusal)
        {
            return refusal;
        }

        var streams = proxies.Sent(ProxyRoutes.NodeId(node));
        if (streams.Count == 0)
        {
            return ProxyRoutes.Missing(node);
        }

        var wanted = from stream in streams
                     from sent in stream.Resources
                     where (type is null || sent.Type == type) && (resource is null || sent.Name == resource)
                     select (Key: Key(stream, sent), Stream: stream, Sent: sent);
        return Answers.Json(
            Cut(wanted.OrderBy(static each => each.Key, StringComparer.Ordinal), ProxyRoutes.NodeId(node), after, limit, bodies),
            RestJson.Written.PageProxyResourceView);
    }

    private static Page<ProxyResourceView> Cut(
        IEnumerable<(string Key, ProxyStream Stream, SentResource Sent)> ordered, string node, string? after, int limit, bool bodies)
    {
        var items = new List<ProxyResourceView>();
        string? last = null;
        var bytes = 0;
        foreach (var (key, stream, sent) in ordered.SkipWhile(each => after is not null && string.CompareOrdinal(each.Key, after) <= 0))
        {
            if (items.Count == limit || bytes > PageBytes)
            {
                return new(items, Queries.Token(last!));
            }

            items.Add(View(node, stream, sent, bodies));
            bytes += bodies ? items[^1].Bytes : 0;
            last = key;
        }

        return new(items, null);
    }

    private static ProxyResourceView View(string node, ProxyStream stream, SentResource sent, bool body) =>
        new(node, stream.Address, sent.Type.ShortName(), sent.Name, sent.Sent, sent.Accepted, ProxyViews.Status(sent), sent.Refused)
        {
            Stream = stream.Number,
            Bytes = sent.Held?.Field.Length ?? 0,
            ChangedAt = sent.Held?.ChangedAt is { Ticks: > 0 } at ? at : null,
            Body = body && sent.Held is { Field.IsEmpty: false } held ? ResourceBodies.Of(held) : null,
        };

    private static ResourceType? Type(Queries query)
    {
        var text = query.Text("type");
        if (text is null)
        {
            return null;
        }

        foreach (var type in ResourceTypes.InOrder)
        {
            if (text.Equals(type.ShortName(), StringComparison.OrdinalIgnoreCase))
            {
                return type;
            }
        }

        query.Refuse("type", text, "There is no such type of resource.", "Write cds, eds, lds or rds.");
        return null;
    }

    // Types in the order in which they are sent.
    private static string Key(ProxyStream stream, SentResource sent) =>
        string.Create(CultureInfo.InvariantCulture, $"{stream.Number:d19}!{(int)sent.Type}!{sent.Name}");
}
