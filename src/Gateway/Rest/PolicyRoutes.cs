using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Gateway.Calls;
using Mesh.Gateway.Rest.Documents;
using Mesh.Gateway.Rest.Proxies;
using Mesh.Gateway.Streams;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Mesh.Gateway.Rest;

/// <summary><c>/v1/policies</c>: documents as their authors wrote them, with optimistic concurrency by ETag.</summary>
internal static class PolicyRoutes
{
    private const string One = "/policies/{kind}/{ns}/{name}";

    public static void Map(RouteGroupBuilder v1)
    {
        v1.MapGet("/policies", List)
            .WithName("listPolicies").WithTags("policies").WithSummary("Lists policy documents, by kind, namespace and name")
            .Takes("kind", "namespace", "limit", "continue")
            .Produces<Page<PolicyView>>().Refuses(400, 503);
        v1.MapGet(One, Get)
            .WithName("getPolicy").WithTags("policies").WithSummary("Shows one document; its version is the ETag")
            .Produces<PolicyView>().Produces(304).Refuses(400, 404, 503);
        v1.MapPut(One, Put)
            .WithName("putPolicy").WithTags("policies").IsCommand()
            .WithSummary("Puts a document in force, as YAML or JSON; If-Match for a version, If-None-Match: * for a new one")
            .Takes("dryRun")
            .Reads<JsonObject>(true, "application/yaml", "application/json")
            .Produces<PolicyView>().Produces<PolicyView>(201).Refuses(400, 409, 412, 413, 415, 503);
        v1.MapDelete(One, Delete)
            .WithName("deletePolicy").WithTags("policies").IsCommand().WithSummary("Removes a document and takes its policy out of force")
            .Produces<PolicyView>().Refuses(400, 404, 409, 412, 503);
    }

    private static async Task<IResult> List(HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, IProxyRegistry proxies, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var (kind, ns) = (query.Text("kind"), query.Namespace());
        var (after, limit) = query.Page();
        if (query.Refusal() is { } refusal)
        {
            return refusal;
        }

        var shards = await Task.WhenAll(Enumerable.Range(0, MeshLimits.CatalogShards)
            .Select(shard => calls.Call(() => grains.GetGrain<ICatalogGrain>(shard.ToString(CultureInfo.InvariantCulture)).List(), http.RequestAborted)));
        var keys = shards.SelectMany(static page => page.Policies)
            .Where(key => (kind is null || key.Kind == kind) && (ns is null || key.Namespace == ns))
            .OrderBy(static key => key.ToString(), StringComparer.Ordinal);
        var page = Pages.Cut(keys, static key => key.ToString(), after, limit, static key => key);
        var documents = await Task.WhenAll(page.Items.Select(key => calls.Call(() => grains.GetGrain<IPolicyGrain>(key.ToString()).Get(), http.RequestAborted)));

        var refusals = ServiceRefusals.Of(proxies.Refused());

        // A document may be in the catalog and not on disk yet, or not any more.
        return Answers.Json(
            new Page<PolicyView>([.. documents.Where(static d => d is not null).Select(d => Status(d!, view, refusals))], page.Continue),
            RestJson.Written.PagePolicyView);
    }

    private static async Task<IResult> Get(
        string kind, string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, IProxyRegistry proxies, RestLimits limits)
    {
        if ((new Queries(http, limits).Refusal() ?? RouteNames.Policy(kind, ns, name, out _)) is { } refusal)
        {
            return refusal;
        }

        var key = new PolicyKey(kind, ns, name);
        if (await calls.Call(() => grains.GetGrain<IPolicyGrain>(key.ToString()).Get(), http.RequestAborted) is not { } document)
        {
            return Missing(key);
        }

        http.Response.Headers.ETag = Preconditions.ETag(document.Version);
        return Preconditions.NotModified(http, document.Version)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Answers.Json(Status(document, view, ServiceRefusals.Of(proxies.Refused())), RestJson.Written.PolicyView);
    }

    private static async Task<IResult> Put(
        string kind, string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var dryRun = query.Flag("dryRun");
        var (asked, badHeader) = Preconditions.Read(http);
        var operation = "";
        if ((query.Refusal() ?? RouteNames.Policy(kind, ns, name, out _) ?? badHeader ?? IdempotencyKey.Read(http, out operation, out _)) is { } refusal)
        {
            return refusal;
        }

        var (json, refused) = await DocumentBody.Read(http, limits);
        if (refused is not null)
        {
            return refused;
        }

        var key = new PolicyKey(kind, ns, name);
        var grain = grains.GetGrain<IPolicyGrain>(key.ToString());
        var before = await calls.Call(grain.Get, http.RequestAborted);
        if (asked.MustExist && before is null)
        {
            return Stale(key);
        }

        var outcome = await calls.Call(
            () => grain.Put(json!, asked.MustExist ? before!.Version : asked.Version, dryRun, operation), http.RequestAborted);
        if (!outcome.Ok)
        {
            return Answers.Refused(outcome.Problems);
        }

        var document = outcome.Value;
        if (dryRun)
        {
            return Answers.Json(Views.Document(document, dryRun: true), RestJson.Written.PolicyView);
        }

        await view.Refresh(document.BoundTo, http.RequestAborted);
        if (before is not null && before.BoundTo != document.BoundTo)
        {
            await view.Refresh(before.BoundTo, http.RequestAborted);
        }

        http.Response.Headers.ETag = Preconditions.ETag(document.Version);
        var isNew = document.Created;
        if (isNew)
        {
            http.Response.Headers.Location = http.Request.Path.Value;
        }

        return Answers.Json(
            Views.Document(document), RestJson.Written.PolicyView, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> Delete(
        string kind, string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        var (asked, badHeader) = Preconditions.Read(http);
        var operation = "";
        if ((new Queries(http, limits).Refusal() ?? RouteNames.Policy(kind, ns, name, out _) ?? badHeader ?? IdempotencyKey.Read(http, out operation, out _)) is { } refusal)
        {
            return refusal;
        }

        var key = new PolicyKey(kind, ns, name);
        var outcome = await calls.Call(
            () => grains.GetGrain<IPolicyGrain>(key.ToString()).Delete(asked.Version, operation), http.RequestAborted);
        if (!outcome.Ok)
        {
            return asked.MustExist && outcome.Problems[0].Kind == ProblemKind.NotFound ? Stale(key) : Answers.Refused(outcome.Problems);
        }

        await view.Refresh(outcome.Value.BoundTo, http.RequestAborted);
        return Answers.Json(Views.Document(outcome.Value), RestJson.Written.PolicyView);
    }

    /// <summary>A document and what became of it: one that is stored is in force for the service that it binds to.</summary>
    private static PolicyView Status(PolicyDocument document, IMeshView view, ServiceRefusals refusals)
    {
        var (first, total) = refusals.For(document.BoundTo, view.Find(document.BoundTo), routesOnly: document.Key.Kind == "VirtualService");
        return Views.Document(document) with { Refusals = first, RefusalsTotal = total };
    }

    private static IResult Stale(PolicyKey key) => Answers.Refused(
        ProblemKind.PreconditionFailed, "If-Match", "*", $"There is no {key}.", "Leave If-Match out to create it.");

    private static IResult Missing(PolicyKey key) => Answers.Refused(
        ProblemKind.NotFound, "", key.ToString(), $"There is no {key}.", "Put it, or list /v1/policies.");
}
