using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Gateway.Calls;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Mesh.Gateway.Rest;

/// <summary><c>/v1/services/{ns}/{name}/endpoints</c>. Every change may be repeated; its answer means that it is on disk.</summary>
internal static class EndpointRoutes
{
    private const string Root = "/services/{ns}/{name}/endpoints";
    private const string One = Root + "/{id}";

    public static void Map(RouteGroupBuilder v1)
    {
        v1.MapGet(Root, List)
            .WithName("listEndpoints").WithTags("endpoints").WithSummary("Lists a service's endpoints, by id")
            .Takes("status", "limit", "continue")
            .Produces<Page<EndpointDetail>>().Refuses(400, 404, 503);
        v1.MapGet(One, Get)
            .WithName("getEndpoint").WithTags("endpoints").WithSummary("Shows one endpoint, with its lease and its run of failures")
            .Produces<EndpointDetail>().Refuses(400, 404, 503);
        v1.MapPut(One, Put)
            .WithName("putEndpoint").WithTags("endpoints").WithSummary("Registers an endpoint, or replaces its registration").IsCommand()
            .Reads<EndpointPut>()
            .Produces<EndpointDetail>().Produces<EndpointDetail>(201).Refuses(400, 409, 413, 415, 503);
        v1.MapDelete(One, Delete)
            .WithName("deleteEndpoint").WithTags("endpoints").WithSummary("Removes an endpoint").IsCommand()
            .Takes("instanceId")
            .Produces<EndpointDetail>().Refuses(400, 404, 409, 503);
        v1.MapPost(One + "/heartbeat", Heartbeat)
            .WithName("heartbeatEndpoint").WithTags("endpoints").WithSummary("Renews an endpoint's lease; 404 means: register again")
            .Reads<HeartbeatPost>(required: false)
            .Produces<EndpointDetail>().Refuses(400, 404, 409, 413, 415, 503);
        v1.MapPost(One + "/eject", Eject)
            .WithName("ejectEndpoint").WithTags("endpoints").WithSummary("Ejects an endpoint by hand, past the budget").IsCommand()
            .Reads<EjectPost>(required: false)
            .Produces<EndpointDetail>().Refuses(400, 404, 409, 413, 415, 503);
        v1.MapPost(One + "/drain", Drain)
            .WithName("drainEndpoint").WithTags("endpoints").WithSummary("Takes an endpoint out: no new requests; those under way may finish").IsCommand()
            .Produces<EndpointDetail>().Refuses(400, 404, 409, 503);
        v1.MapPost(One + "/restore", Restore)
            .WithName("restoreEndpoint").WithTags("endpoints").WithSummary("Ends an ejection or a draining at once").IsCommand()
            .Produces<EndpointDetail>().Refuses(400, 404, 409, 503);
    }

    private static async Task<IResult> List(string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, RestLimits limits)
    {
        var query = new Queries(http, limits);
        HealthStatus? status = null;
        if (query.Text("status") is { } text)
        {
            status = Enum.TryParse<HealthStatus>(text, ignoreCase: true, out var parsed) && char.IsLetter(text[0]) ? parsed : null;
            if (status is null)
            {
                query.Refuse("status", text, "There is no such status.", $"Use one of {string.Join(", ", Enum.GetNames<HealthStatus>())}.");
            }
        }

        var (after, limit) = query.Page();
        if ((query.Refusal() ?? RouteNames.Service(ns, name, out _)) is { } refusal)
        {
            return refusal;
        }

        var service = new ServiceId(ns, name);
        if (await ServiceRoutes.Find(service, view, grains) is not { } snapshot)
        {
            return ServiceRoutes.Missing(service);
        }

        var endpoints = snapshot.Endpoints.Where(e => status is null || e.Status == status);
        return Answers.Json(
            Pages.Cut(endpoints, static e => e.Id, after, limit, e => Views.Endpoint(service, e)), RestJson.Written.PageEndpointDetail);
    }

    private static async Task<IResult> Get(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        if (Check(http, ns, name, id, limits, out var service) is { } refusal)
        {
            return refusal;
        }

        // The service's snapshot tells whether there is such an endpoint, so that no grain is woken for one that is not.
        var snapshot = await ServiceRoutes.Find(service, view, grains);
        return snapshot?.Endpoints.FirstOrDefault(e => e.Id == id) is { } shown &&
            await calls.Call(() => grains.GetGrain<IEndpointGrain>($"{service}/{id}").Get(), http.RequestAborted) is { } endpoint
                ? Answers.Json(Views.Endpoint(endpoint with { Endpoint = endpoint.Endpoint.WeighedAs(shown) }), RestJson.Written.EndpointDetail)
                : Missing(service, id);
    }

    private static async Task<IResult> Put(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        if (Check(http, ns, name, id, limits, out var service) is { } refusal)
        {
            return refusal;
        }

        var (registration, refused) = await EndpointRequests.Registration(http, id, limits);
        if (refused is not null)
        {
            return refused;
        }

        if (IdempotencyKey.Read(http, out var operation, out _) is { } badId)
        {
            return badId;
        }

        var outcome = await calls.Call(() => grains.GetGrain<IServiceGrain>(service.ToString()).Register(registration!, operation), http.RequestAborted);
        var isNew = outcome.Value?.Created == true;
        if (isNew)
        {
            http.Response.Headers.Location = http.Request.Path.Value;
        }

        return await Answer(outcome, service, view, http, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> Delete(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var instanceId = query.Text("instanceId");
        if ((query.Refusal() ?? RouteNames.Endpoint(ns, name, id, out _)) is { } refusal)
        {
            return refusal;
        }

        var service = new ServiceId(ns, name);
        return await Change(service, id, view, grains, calls, http, (grain, operation) => grain.Deregister(id, instanceId, operation));
    }

    private static async Task<IResult> Heartbeat(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        if (Check(http, ns, name, id, limits, out var service) is { } refusal)
        {
            return refusal;
        }

        var (instanceId, refused) = await EndpointRequests.Heartbeat(http, limits);
        if (refused is not null)
        {
            return refused;
        }

        // A heartbeat changes no snapshot unless the lease had run out, so there is nothing to refresh: the hint does.
        if (view.Ready && view.Find(service) is null)
        {
            return Missing(service, id);
        }

        var outcome = await calls.Call(() => grains.GetGrain<IEndpointGrain>($"{service}/{id}").Renew(instanceId), http.RequestAborted);
        return outcome.Ok ? Answers.Json(Views.Endpoint(outcome.Value), RestJson.Written.EndpointDetail) : Answers.Refused(outcome.Problems);
    }

    private static async Task<IResult> Eject(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits)
    {
        if (Check(http, ns, name, id, limits, out var service) is { } refusal)
        {
            return refusal;
        }

        var (duration, reason, refused) = await EndpointRequests.Ejection(http, limits);
        return refused ?? await Change(
            service, id, view, grains, calls, http, (grain, operation) => grain.Eject(id, duration, reason, operation));
    }

    private static async Task<IResult> Drain(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits) =>
        Check(http, ns, name, id, limits, out var service) ?? await Change(
            service, id, view, grains, calls, http, (grain, operation) => grain.Drain(id, operation));

    private static async Task<IResult> Restore(
        string ns, string name, string id, HttpContext http, IMeshView view, IGrainFactory grains, GrainCalls calls, RestLimits limits) =>
        Check(http, ns, name, id, limits, out var service) ?? await Change(
            service, id, view, grains, calls, http, (grain, operation) => grain.Restore(id, operation));

    private static IResult? Check(HttpContext http, string ns, string name, string id, RestLimits limits, out ServiceId service) =>
        RouteNames.Endpoint(ns, name, id, out service) ?? new Queries(http, limits).Refusal();

    private static async Task<IResult> Change(
        ServiceId service, string id, IMeshView view, IGrainFactory grains, GrainCalls calls, HttpContext http,
        Func<IServiceGrain, string, Task<Outcome<EndpointView>>> change)
    {
        if (IdempotencyKey.Read(http, out var operation, out var given) is { } refusal)
        {
            return refusal;
        }

        // A repeat may be of what made the service go away: only its grain remembers that.
        if (!given && view.Ready && view.Find(service) is null)
        {
            return Missing(service, id);
        }

        var grain = grains.GetGrain<IServiceGrain>(service.ToString());
        return await Answer(await calls.Call(() => change(grain, operation), http.RequestAborted), service, view, http, StatusCodes.Status200OK);
    }

    private static async Task<IResult> Answer(Outcome<EndpointView> outcome, ServiceId service, IMeshView view, HttpContext http, int status)
    {
        if (!outcome.Ok)
        {
            return Answers.Refused(outcome.Problems);
        }

        await view.Refresh(service, http.RequestAborted);
        return Answers.Json(Views.Endpoint(outcome.Value), RestJson.Written.EndpointDetail, status);
    }

    private static IResult Missing(ServiceId service, string id) => Answers.Refused(
        ProblemKind.NotFound, "id", id, $"There is no endpoint {id} of {service}.", "Register it with PUT, or list the endpoints.");
}
