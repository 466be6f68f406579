using System.Globalization;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Ledger;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Mesh.Gateway.Rest.Ledger;

/// <summary>What was decided about a service's endpoints, and why they stand where they do.</summary>
internal static class LedgerRoutes
{
    private const int MostExplained = 200;
    private const int HistoryOfEach = 20;
    private const int HistoryOfOne = 100;

    public static void Map(RouteGroupBuilder v1)
    {
        v1.MapGet("/services/{ns}/{name}/ledger", Read)
            .WithName("readLedger").WithTags("ledger")
            .WithSummary("What was decided about the service's endpoints and on what evidence, the newest first")
            .Takes("endpoint", "since", "kind", "limit", "continue")
            .Produces<LedgerView>().Refuses(400, 404, 503);
        v1.MapGet("/services/{ns}/{name}/explain", Explain)
            .WithName("explain").WithTags("ledger")
            .WithSummary("Why endpoints stand where they do: status, weight, and each of the last ejections with its evidence")
            .Takes("endpoint")
            .Produces<ExplanationView>().Refuses(400, 404, 503);
    }

    private static async Task<IResult> Read(
        string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, RestLimits limits, TimeProvider time)
    {
        var query = new Queries(http, limits);
        var endpoint = Endpoint(query);
        var since = Since(query, time);
        var kind = Kind(query);
        var (after, limit) = query.Page();
        long before = 0;
        if (after is not null && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            query.Refuse("continue", after, "This is not a continue token of this list.", "Pass what the page before answered.");
        }

        if ((query.Refusal() ?? RouteNames.Service(ns, name, out _)) is { } refusal)
        {
            return refusal;
        }

        var service = new ServiceId(ns, name);
        var page = await grains.GetGrain<ILedgerGrain>(service.ToString()).Read(new LedgerQuery
        {
            EndpointId = endpoint,
            Since = since,
            Kinds = kind is { } one ? [one] : [],
            Before = after is null ? null : before,
            Limit = limit,
        });
        if (page.Last == 0 && await ServiceRoutes.Find(service, view, grains) is null)
        {
            return ServiceRoutes.Missing(service);
        }

        var next = page.More ? Queries.Token(page.Entries[^1].Number.ToString(CultureInfo.InvariantCulture)) : null;
        return Answers.Json(
            new LedgerView([.. page.Entries.Select(LedgerViews.Of)], next, page.Oldest, page.Last), RestJson.Written.LedgerView);
    }

    private static async Task<IResult> Explain(
        string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var endpoint = Endpoint(query);
        if ((query.Refusal() ?? RouteNames.Service(ns, name, out _)) is { } refusal)
        {
            return refusal;
        }

        var service = new ServiceId(ns, name);
        var ledger = await grains.GetGrain<ILedgerGrain>(service.ToString()).Read(new LedgerQuery
        {
            EndpointId = endpoint,
            PerEndpoint = endpoint is null ? HistoryOfEach : HistoryOfOne,
            Limit = LedgerQuery.MostEntries,
        });
        var snapshot = await ServiceRoutes.Find(service, view, grains);
        if (snapshot is null && ledger.Last == 0)
        {
            return ServiceRoutes.Missing(service);
        }

        var explanation = endpoint is null
            ? Explanations.OfService(service, snapshot, ledger, MostExplained)
            : Explanations.OfEndpoint(service, snapshot, ledger, endpoint, await Look(grains, service, snapshot, endpoint));
        return explanation is null
            ? Answers.Refused(
                ProblemKind.NotFound, "endpoint", endpoint, $"There is no endpoint {endpoint} of {service}, and the ledger does not know it.",
                "List the endpoints, or leave the endpoint out.")
            : Answers.Json(explanation, RestJson.Written.ExplanationView);
    }

    /// <summary>What the endpoint's own grain says; it is not woken for one that does not exist.</summary>
    private static async Task<EndpointView?> Look(
        IGrainFactory grains, ServiceId service, Core.Snapshots.ServiceSnapshot? snapshot, string endpoint) =>
        snapshot is not null && snapshot.Endpoints.Any(each => each.Id == endpoint)
            ? await grains.GetGrain<IEndpointGrain>(new EndpointKey(service, endpoint).ToString()).Get()
            : null;

    private static string? Endpoint(Queries query)
    {
        var endpoint = query.Text("endpoint");
        if (endpoint is not null && !Names.IsEndpointId(endpoint))
        {
            query.Refuse("endpoint", endpoint, "This cannot be an endpoint's id.", "Use 1 to 128 letters, digits and - _ . :");
        }

        return endpoint;
    }

    private static LedgerKind? Kind(Queries query)
    {
        if (query.Text("kind") is not { } text)
        {
            return null;
        }

        if (Enum.TryParse<LedgerKind>(text, ignoreCase: true, out var kind) && char.IsLetter(text[0]))
        {
            return kind;
        }

        query.Refuse("kind", text, "There is no such kind of entry.", $"Use one of {string.Join(", ", Enum.GetNames<LedgerKind>())}.");
        return null;
    }

    /// <summary>A time as RFC 3339, or how long ago, as in <c>1h</c>.</summary>
    internal static DateTimeOffset? Since(Queries query, TimeProvider time)
    {
        if (query.Text("since") is not { } text)
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (DurationText.TryParse(text, out var ago) && ago >= TimeSpan.Zero)
        {
            return ago > now - DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : now - ago;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
        {
            return at;
        }

        query.Refuse("since", text, "This is neither a time nor a duration.", "Write how long ago, as in 1h or 90s, or a time, as in 2026-03-01T12:00:00Z.");
        return null;
    }
}
