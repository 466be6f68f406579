using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>
/// Refuses changes that a browser sends on behalf of somebody else's page. Nobody is asked for a password on this port, so without this any
/// page that an operator looks at could drain a service of the control plane on the operator's own machine.
/// </summary>
internal static class ForeignPages
{
    public static Task Refuse(HttpContext http, RequestDelegate next)
    {
        var origin = http.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || IsOurs(origin, http.Request.Host))
        {
            return next(http);
        }

        return Answers.Refused(
            StatusCodes.Status403Forbidden, "Forbidden", "The request comes from a page of another site.",
            "Send it from a program, or from a page of this server.", "Origin", origin).ExecuteAsync(http);
    }

    private static bool IsOurs(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority == host.Value;
}
