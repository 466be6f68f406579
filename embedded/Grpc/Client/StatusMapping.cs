using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>How answers and failures of HTTP/2 become gRPC's status codes, as the protocol's documents and the original have it.</summary>
internal static class StatusMapping
{
    /// <summary>Null when messages may follow; a status when the answer is "trailers only" or no gRPC at all.</summary>
    public static Status? FromHeaders(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return Parse(response.Headers) ?? new Status(
                FromHttp((int)response.StatusCode), $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}");
        }
        var type = response.Content.Headers.ContentType?.ToString();
        if (!Grpc.Internal.Headers.IsGrpc(type))
        {
            return new Status(StatusCode.Cancelled, type is null
                ? "Bad gRPC response. Response did not have a content-type header."
                : $"Bad gRPC response. Invalid content-type value: {type}");
        }
        return Parse(response.Headers);
    }

    public static Status FromTrailers(HttpResponseMessage response) =>
        Parse(response.TrailingHeaders) ?? new Status(StatusCode.Cancelled, "No grpc-status found on response.");

    public static Status FromException(Exception error, string summary)
    {
        if (error is RpcException rpc)
        {
            return rpc.Status;
        }
        if (error is OperationCanceledException)
        {
            return new Status(StatusCode.Cancelled, "", error);
        }
        StatusCode? code = null;
        for (var cause = error; cause is not null && code is null; cause = cause.InnerException)
        {
            code = cause switch
            {
                HttpProtocolException protocol => FromHttp2(protocol.ErrorCode),
                SocketException or IOException => StatusCode.Unavailable,
                HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError or HttpRequestError.ResponseEnded,
                } => cause.InnerException is null ? StatusCode.Unavailable : null,
                _ => null,
            };
        }
        return new Status(code ?? StatusCode.Internal, $"{summary} {Words(error)}", error);
    }

    /// <summary>As the original words it: with all causes, since what a person can mend (a certificate, a name) is the innermost one.</summary>
    private static string Words(Exception error) =>
        $"{error.GetType().Name}: {error.Message}" + (error.InnerException is { } cause ? $" {Words(cause)}" : "");

    public static Metadata ToMetadata(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            if (!Grpc.Internal.Headers.IsProtocol(name))
            {
                foreach (var value in values)
                {
                    Grpc.Internal.Headers.AddTo(metadata, name, value);
                }
            }
        }
        return metadata;
    }

    public static string? Header(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static Status? Parse(HttpHeaders headers)
    {
        if (Header(headers, Grpc.Internal.Headers.Status) is not { } text)
        {
            return null;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? new Status((StatusCode)code, Grpc.Internal.Headers.DecodeMessage(Header(headers, Grpc.Internal.Headers.Message)))
            : new Status(StatusCode.Cancelled, $"Unexpected grpc-status value: {text}");
    }

    private static StatusCode FromHttp(int status) => status switch
    {
        400 or 431 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    /// <summary>HTTP/2's error codes: REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY; the rest is INTERNAL.</summary>
    private static StatusCode FromHttp2(long code) => code switch
    {
        0x7 => StatusCode.Unavailable,
        0x8 => StatusCode.Cancelled,
        0xb => StatusCode.ResourceExhausted,
        0xc => StatusCode.PermissionDenied,
        _ => StatusCode.Internal,
    };
}
