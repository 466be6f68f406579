using Google.Protobuf;
using Grpc.Core;
using Mesh.Rpc.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mesh.Rpc.Tests;

/// <summary>What a client gets from servers that do not keep to the protocol: always an RpcException with a sensible code.</summary>
public sealed class HostileServerTests
{
    private static readonly byte[] Good = RawClient.Frame(new Reply { Text = "hi" });

    private static CancellationToken Limit => Patience.Token;

    [Theory]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(429, StatusCode.Unavailable)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(500, StatusCode.Unknown)]
    [InlineData(302, StatusCode.Unknown)]
    public async Task HTTP_errors_have_their_codes(int http, StatusCode code) =>
        Assert.Equal(code, await CallAsync(answer => answer.StatusCode = http, contentType: "text/html"));

    [Fact]
    public async Task Another_content_type_is_no_gRPC() => Assert.Equal(StatusCode.Cancelled, await CallAsync(_ => { }, Good, "text/html"));

    [Fact]
    public async Task A_response_without_status_is_an_error() => Assert.Equal(StatusCode.Cancelled, await CallAsync(_ => { }, Good));

    [Fact]
    public async Task A_status_that_is_no_number_is_an_error() =>
        Assert.NotEqual(StatusCode.OK, await CallAsync(answer => answer.AppendTrailer("grpc-status", "fine"), Good));

    [Fact]
    public async Task OK_without_a_message_is_an_error() =>
        Assert.Equal(StatusCode.Internal, await CallAsync(answer => answer.AppendTrailer("grpc-status", "0")));

    [Fact]
    public async Task OK_in_the_headers_of_a_unary_call_is_an_error() =>
        Assert.Equal(StatusCode.Internal, await CallAsync(answer => answer.Headers["grpc-status"] = "0"));

    [Fact]
    public async Task OK_with_two_messages_is_an_error() =>
        Assert.Equal(StatusCode.Internal, await CallAsync(answer => answer.AppendTrailer("grpc-status", "0"), [.. Good, .. Good]));

    [Fact]
    public async Task A_truncated_message_is_an_error() =>
        Assert.Equal(StatusCode.Internal, await CallAsync(answer => answer.AppendTrailer("grpc-status", "0"), Good[..^1]));

    [Fact]
    public async Task A_length_over_the_limit_is_refused_before_the_bytes_come() => Assert.Equal(
        StatusCode.ResourceExhausted,
        await CallAsync(answer => answer.AppendTrailer("grpc-status", "0"), RawClient.Frame(0, int.MaxValue, [1, 2, 3])));

    [Fact]
    public async Task Bytes_that_are_no_protobuf_are_an_error() => Assert.NotEqual(
        StatusCode.OK,
        await CallAsync(answer => answer.AppendTrailer("grpc-status", "0"), RawClient.Frame(0, 3, [0xFF, 0xFF, 0xFF])));

    [Fact]
    public async Task A_status_of_a_later_protocol_is_passed_on() =>
        Assert.Equal((StatusCode)77, await CallAsync(answer => answer.AppendTrailer("grpc-status", "77"), Good));

    [Fact]
    public async Task Trailers_only_with_a_percent_at_the_end_is_read_as_it_is() => Assert.Equal(
        StatusCode.Aborted,
        await CallAsync(answer =>
        {
            answer.Headers["grpc-status"] = "10";
            answer.Headers["grpc-message"] = "50% or %zz or %";
        }));

    private static async Task<StatusCode> CallAsync(
        Action<HttpResponse> answer, byte[]? body = null, string contentType = "application/grpc")
    {
        await using var server = await TestServer.StartAsync(map: app => app.MapPost("/mesh.rpc.test.Hostile/Call", async http =>
        {
            http.Response.ContentType = contentType;
            answer(http.Response);
            await http.Response.Body.WriteAsync(body ?? []);
        }));
        var method = new Method<Request, Reply>(
            MethodType.Unary,
            "mesh.rpc.test.Hostile",
            "Call",
            Marshallers.Create(message => message.ToByteArray(), Request.Parser.ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), Reply.Parser.ParseFrom));
        using var call = server.Channel().CreateCallInvoker()
            .AsyncUnaryCall(method, null, new CallOptions(cancellationToken: Limit), new Request());
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(error.StatusCode, call.GetStatus().StatusCode);
        return error.StatusCode;
    }
}
