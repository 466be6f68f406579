using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>Reads a request's body whole, up to a limit.</summary>
internal static class Bodies
{
    /// <summary>The bytes, or the refusal. A body that says how large it is gets its refusal before any of it is read.</summary>
    public static async Task<(ReadOnlyMemory<byte> Bytes, IResult? Refusal)> Read(HttpContext http, int limit)
    {
        if (http.Request.Headers.ContentEncoding.Count > 0)
        {
            return (default, Answers.Refused(
                StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "The body is compressed.",
                "Send it as it is, without Content-Encoding.", "Content-Encoding", http.Request.Headers.ContentEncoding));
        }

        if (http.Request.ContentLength > limit)
        {
            return (default, TooLarge(limit));
        }

        var reader = http.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(http.RequestAborted);
            if (result.Buffer.Length > limit)
            {
                reader.AdvanceTo(result.Buffer.End);
                return (default, TooLarge(limit));
            }

            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return (WithoutByteOrderMark(bytes), null);
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static IResult TooLarge(int limit) => Answers.Refused(
        StatusCodes.Status413PayloadTooLarge, "Payload too large", $"The body is larger than {limit} bytes.",
        "Send less; /v1/limits shows what is taken.", "body");

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> bytes) =>
        bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
}
