using System.Globalization;
using System.Net.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Mesh.Proxy.Forwarding;

/// <summary>
/// What the forwarder asks while one request passes through it: notes the head and the trailers of each answer, and throws away an answer
/// that another try may better, which is possible only until its head is passed on.
/// </summary>
internal sealed class TryTransformer(RequestRun run) : HttpTransformer
{
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

        // The name that the caller asked for, not the endpoint's address.
        proxyRequest.Headers.Host = httpContext.Request.Host.Value;
        if (run.ClosesConnection)
        {
            proxyRequest.Headers.ConnectionClose = true;
        }
    }

    public override ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return new(false);
        }

        return run.Head((int)proxyResponse.StatusCode, GrpcStatus(proxyResponse.Headers))
            ? base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken)
            : new(false);
    }

    public override ValueTask TransformResponseTrailersAsync(
        HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken)
    {
        run.Trailers(GrpcStatus(proxyResponse.TrailingHeaders));
        return base.TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);
    }

    private static int GrpcStatus(System.Net.Http.Headers.HttpHeaders headers) =>
        headers.NonValidated.TryGetValues("grpc-status", out var values)
        && int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : -1;
}
