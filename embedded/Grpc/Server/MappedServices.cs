using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.Internal;

/// <summary>Which services exist, so that a gRPC call to anything else is answered UNIMPLEMENTED and no other request is touched.</summary>
internal sealed class MappedServices : IRouteConstraint
{
    private readonly HashSet<string> names = [];
    private bool fallback;

    public void Add(string serviceName) => names.Add(serviceName);

    public void MapUnimplemented(IEndpointRouteBuilder routes)
    {
        if (fallback)
        {
            return;
        }
        fallback = true;
        var pattern = RoutePatternFactory.Parse("{grpcService}/{grpcMethod}", null, new RouteValueDictionary { ["grpcMethod"] = this });
        routes.MapMethods(pattern, [HttpMethods.Post], http =>
        {
            var known = names.Contains((string)http.Request.RouteValues["grpcService"]!);
            http.Response.ContentType = Headers.ContentType;
            ServerCall.SetStatus(
                http.Response, new Status(StatusCode.Unimplemented, known ? "Method is unimplemented." : "Service is unimplemented."));
            return Task.CompletedTask;
        }).WithDisplayName("gRPC - Unimplemented");
    }

    public bool Match(
        HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        httpContext is not null && Headers.IsGrpc(httpContext.Request.ContentType);
}

/// <summary>MapMethods takes patterns as text only; this is the same with a parsed one.</summary>
internal static class PatternRoutes
{
    public static IEndpointConventionBuilder MapMethods(
        this IEndpointRouteBuilder routes, RoutePattern pattern, string[] methods, RequestDelegate handler) =>
        routes.Map(pattern, handler).WithMetadata(new HttpMethodMetadata(methods));
}
