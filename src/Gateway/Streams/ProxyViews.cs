using Mesh.Api;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Streams;

/// <summary>One stream as the API shows it.</summary>
internal static class ProxyViews
{
    /// <summary>Refused resources of a type that are named.</summary>
    public const int MostRefusals = 20;

    public static ProxyView Of(AdsConnection connection, Reporter? reporter)
    {
        var node = connection.Node;
        var locality = node?.Locality;
        var kind = ClientKinds.Of(node);
        return new ProxyView(
            node?.Id ?? "",
            node?.Cluster ?? "",
            $"{node?.UserAgentName} {node?.UserAgentVersion}".Trim(),
            new LocalityView(locality?.Region ?? "", locality?.Zone ?? "", locality?.SubZone ?? ""),
            connection.Peer,
            connection.ConnectedAt,
            [.. connection.Types().Select(type => Of(type, connection.Refused))])
        {
            Kind = kind.ToString(),
            Role = connection.Client.Role.ToString(),
            Reaches = connection.Client.Reach is var reach && reach.Equals(Reach.Nothing) ? "~/*" : reach.ToString(),
            NotUnderstood = connection.Client.NotUnderstood,
            Stream = connection.Number,
            Variant = connection.Variant.ToString(),
            Identity = connection.Identity,
            Weights = kind == ClientKind.ProxylessGrpc ? "Ignored" : "Followed",
            Reports = (reporter?.Detail ?? ReportDetail.None).ToString(),
            LastReportAt = reporter?.LastAt,
        };
    }

    /// <summary>Where a stream stands with one resource.</summary>
    public static string Status(SentResource resource) =>
        resource.Refused is not null ? "Rejected" : resource.Accepted == resource.Sent ? "Synced" : "Pending";

    private static ProxyTypeView Of(TypeStanding standing, Refusals refused)
    {
        var status = standing.Status;
        var count = refused.Counts[(int)status.Type];
        return new(
            status.Type.ShortName(),
            status.Wanted,
            status.Sent,
            status.Accepted,
            status.Error is not null || count > 0 ? "Rejected" : status.Pending ? "Pending" : "Synced",
            status.Error,
            standing.AcceptedAt)
        {
            LagSeconds = Math.Round(standing.Lag.TotalSeconds, 3),
            Held = status.Held,
            Refused = count,
            Refusals =
            [
                .. refused.First.Where(r => r.Type == status.Type).Take(MostRefusals)
                    .Select(static r => new RefusedResourceView(r.Name, r.Version, r.Accepted, r.Words, r.Since)),
            ],
        };
    }
}

/// <summary>Where a stream stands with one type.</summary>
/// <param name="Status">As its machine sees it.</param>
/// <param name="AcceptedAt">When it last accepted something.</param>
/// <param name="Lag">For how long a response has waited for its answer, or a change for being sent.</param>
internal sealed record TypeStanding(AdsTypeStatus Status, DateTimeOffset? AcceptedAt, TimeSpan Lag);
