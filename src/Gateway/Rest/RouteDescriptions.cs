using Mesh.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>What a route says of itself in the OpenAPI document.</summary>
internal static class RouteDescriptions
{
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (var status in (int[])[.. statuses, StatusCodes.Status500InternalServerError])
        {
            route.Produces<MeshProblem>(status, Answers.ProblemMediaType);
        }

        return route;
    }

    /// <summary>Names the query parameters, which handlers read by themselves so as to refuse the others.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, params string[] parameters) =>
        route.WithMetadata(new QueryParameters(parameters));

    /// <summary>
    /// Names the body, which handlers read by themselves. Not ASP.NET's own Accepts: that one turns away whatever curl calls its bodies by
    /// default before the handler can look at it.
    /// </summary>
    public static RouteHandlerBuilder Reads<T>(this RouteHandlerBuilder route, bool required = true, params string[] mediaTypes) =>
        route.WithMetadata(new RequestBodyShape(typeof(T), required, mediaTypes is [] ? ["application/json"] : mediaTypes));
}

/// <summary>The body of a route.</summary>
internal sealed record RequestBodyShape(Type Type, bool Required, IReadOnlyList<string> MediaTypes);

/// <summary>The query parameters of a route.</summary>
internal sealed record QueryParameters(IReadOnlyList<string> Names);
