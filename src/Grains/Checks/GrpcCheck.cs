using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Mesh.Core.Policies;

namespace Mesh.Grains.Checks;

/// <summary>
/// <c>grpc.health.v1.Health/Check</c> over HTTP/2 without TLS; SERVING passes.
/// <para>
/// Both messages have one field each, so they are written and read by hand here: the generated client would bring a package, and a channel
/// for each endpoint.
/// </para>
/// </summary>
internal static class GrpcCheck
{
    private const int MostAnswered = 4096;
    private const byte StatusField = 0x08;
    private const byte ServiceField = 0x0A;
    private static readonly MediaTypeHeaderValue Grpc = new("application/grpc");
    private static readonly string[] Statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

    private static readonly string[] Codes =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    public static async Task<CheckResult> Run(HttpMessageInvoker http, HealthCheck check, string address, int port, CancellationToken limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, HttpCheck.At(address, port, "/grpc.health.v1.Health/Check"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Ask(check.GrpcServiceName)) { Headers = { ContentType = Grpc } },
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "mesh-orleans/health");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.Host = check.Host;
        using var response = await http.SendAsync(request, limit).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return CheckResult.Fail(((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
        }

        var answer = new byte[MostAnswered];
        using var body = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
        var length = await body.ReadAtLeastAsync(answer, MostAnswered, throwOnEndOfStream: false, limit).ConfigureAwait(false);
        // An answer without a message has its status among the headers, any other after the message.
        return Judge(Code(response.TrailingHeaders) ?? Code(response.Headers), answer.AsSpan(0, length));
    }

    /// <summary>Five bytes of frame, then <c>string service = 1</c>, which is left out when empty.</summary>
    internal static byte[] Ask(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = name.Length == 0 ? [] : new byte[] { ServiceField }.Concat(Varint(name.Length)).Concat(name).ToArray();
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>An answer of no bytes is the status 0, UNKNOWN. What is longer than one byte of a status is none that there is.</summary>
    internal static CheckResult Judge(string? code, ReadOnlySpan<byte> answer)
    {
        if (code != "0")
        {
            return CheckResult.Fail(
                int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < Codes.Length
                    ? Codes[number]
                    : "no gRPC status");
        }

        if (answer.Length < 5 || answer[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(answer[1..]) != answer.Length - 5)
        {
            return CheckResult.Fail("not a gRPC health answer");
        }

        var message = answer[5..];
        var status = message.Length == 0 ? 0 : message.Length == 2 && message[0] == StatusField ? message[1] : Statuses.Length;
        return status == 1 ? CheckResult.Pass
            : CheckResult.Fail(status < Statuses.Length ? Statuses[status] : "not a gRPC health answer");
    }

    private static string? Code(HttpHeaders headers) => headers.TryGetValues("grpc-status", out var values) ? values.FirstOrDefault() : null;

    private static IEnumerable<byte> Varint(int number)
    {
        for (; number > 0x7F; number >>= 7)
        {
            yield return (byte)(number | 0x80);
        }

        yield return (byte)number;
    }
}
