using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Mesh.Rpc.Tests.Support;

/// <summary>HTTP/2 without gRPC on top, to send what no gRPC client would.</summary>
public sealed class RawClient(Uri address) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = address };

    public Version Version { get; init; } = HttpVersion.Version20;

    public static byte[] Frame(IMessage message) => Frame(0, (uint)message.CalculateSize(), message.ToByteArray());

    /// <summary>A frame whose flag and length may be lies.</summary>
    public static byte[] Frame(byte flag, uint length, byte[] payload)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    public async Task<RawAnswer> PostAsync(
        string path, byte[] body, Action<HttpRequestMessage>? change = null, string? contentType = "application/grpc")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = Version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        change?.Invoke(request);
        using var response = await http.SendAsync(request, Patience.Token);
        var text = await response.Content.ReadAsStringAsync(Patience.Token);
        return new((int)response.StatusCode, Find(response, "grpc-status"), Find(response, "grpc-message"), text);
    }

    public void Dispose() => http.Dispose();

    private static string? Find(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? values.Single()
            : null;
}

public sealed record RawAnswer(int HttpStatus, string? GrpcStatus, string? GrpcMessage, string Text);
