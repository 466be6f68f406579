using System.Globalization;
using Mesh.Core.Policies;

namespace Mesh.Grains.Checks;

/// <summary>GET over HTTP/1.1 on a kept connection; the status decides, and a redirect is an answer like any other.</summary>
internal static class HttpCheck
{
    public static async Task<CheckResult> Run(HttpMessageInvoker http, HealthCheck check, string address, int port, CancellationToken limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(address, port, check.Path));
        request.Headers.TryAddWithoutValidation("User-Agent", "mesh-orleans/health");
        request.Headers.Host = check.Host;
        using var response = await http.SendAsync(request, limit).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        return status >= check.ExpectedStatusFrom && status < check.ExpectedStatusTo
            ? CheckResult.Pass
            : CheckResult.Fail(status.ToString(CultureInfo.InvariantCulture));
    }

    public static Uri At(string address, int port, string path)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        return new(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}{path}"));
    }
}
