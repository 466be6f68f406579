using System.Text.Json;

namespace Mesh.Proxy.Forwarding;

/// <summary>
/// An answer that the proxy gives by itself. The flag in <c>x-mesh-response-flags</c> says why, in Envoy's words; a gRPC caller gets a gRPC
/// status, any other problem details.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Flag">NR: no route; NC: no cluster; UH: no healthy endpoint; UO: a limit; UF: no connection; UC: it broke; UT: time-out; DPE: bad request.</param>
/// <param name="Title">What happened, in a few words.</param>
/// <param name="Detail">What exactly, and what to do.</param>
public sealed record LocalReply(int Status, string Flag, string Title, string Detail)
{
    /// <summary>The header that carries the flag.</summary>
    public const string FlagHeader = "x-mesh-response-flags";

    /// <summary>The gRPC status that stands for the HTTP one, as gRPC's own mapping has it.</summary>
    public int GrpcStatus => Status switch
    {
        400 => 13,
        404 => 12,
        504 => 4,
        _ => 14,
    };

    /// <summary>Whether a request is a gRPC call.</summary>
    public static bool IsGrpc(HttpRequest request) =>
        request.ContentType is { } type && type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
        && (type.Length == 16 || type[16] is '+' or ';' or ' ');

    /// <summary>Writes it; nothing happens when an answer is under way already.</summary>
    public async Task Write(HttpContext context)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        context.Response.Clear();
        context.Response.Headers[FlagHeader] = Flag;
        if (IsGrpc(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status200OK;
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = GrpcStatus.ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = Uri.EscapeDataString($"{Title}: {Detail}");
            return;
        }

        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/problem+json";
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Problem($"urn:mesh:{Flag}", Title, Status, Detail), ProblemJson.Readable.Problem);
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}

/// <summary>RFC 9457.</summary>
internal sealed record Problem(string Type, string Title, int Status, string Detail);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[System.Text.Json.Serialization.JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : System.Text.Json.Serialization.JsonSerializerContext
{
    /// <summary>Without the escapes that only matter inside of HTML: people read this.</summary>
    public static ProblemJson Readable { get; } =
        new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
