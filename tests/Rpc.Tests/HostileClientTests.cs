using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Rpc.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mesh.Rpc.Tests;

/// <summary>What a server gets from clients that lie: each is answered with a status, and the next call is served.</summary>
public sealed class HostileClientTests : IAsyncLifetime
{
    private const string Unary = "/mesh.rpc.test.Echo/Unary";
    private const string Upload = "/mesh.rpc.test.Echo/Upload";

    private static readonly byte[] Message = new Request { Text = "fine" }.ToByteArray();

    private TestServer server = null!;
    private RawClient raw = null!;

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync();
        raw = new(server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        // Whatever was sent, the server goes on.
        Assert.Equal("alive", (await server.Client().UnaryAsync(new Request { Text = "alive" })).Text);
        raw.Dispose();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(Unary)]
    [InlineData(Upload)]
    public async Task A_truncated_frame_is_an_error(string path)
    {
        var whole = RawClient.Frame(0, (uint)Message.Length, Message);
        for (var length = 1; length < whole.Length; length++)
        {
            var answer = await raw.PostAsync(path, whole[..length]);
            Assert.Equal((200, "13"), (answer.HttpStatus, answer.GrpcStatus));
        }
    }

    [Fact]
    public async Task An_empty_body_is_no_unary_request() => Assert.Equal("13", (await raw.PostAsync(Unary, [])).GrpcStatus);

    [Fact]
    public async Task Two_messages_are_no_unary_request()
    {
        var frame = RawClient.Frame(0, (uint)Message.Length, Message);
        Assert.Equal("13", (await raw.PostAsync(Unary, [.. frame, .. frame])).GrpcStatus);
    }

    [Theory]
    [InlineData(Unary, 4 * 1024 * 1024 + 1)]
    [InlineData(Upload, 4 * 1024 * 1024 + 1)]
    [InlineData(Unary, int.MaxValue)]
    [InlineData(Upload, int.MaxValue)]
    public async Task A_length_over_the_limit_is_refused_before_the_bytes_come(string path, int length) =>
        Assert.Equal("8", (await raw.PostAsync(path, RawClient.Frame(0, (uint)length, Message))).GrpcStatus);

    [Theory]
    [InlineData(Unary)]
    [InlineData(Upload)]
    public async Task A_length_beyond_any_integer_is_an_error(string path) =>
        Assert.NotEqual("0", (await raw.PostAsync(path, RawClient.Frame(0, uint.MaxValue, Message))).GrpcStatus);

    [Fact]
    public async Task A_length_within_the_limit_whose_bytes_never_come_is_an_error() =>
        Assert.Equal("13", (await raw.PostAsync(Unary, RawClient.Frame(0, 1_000_000, Message))).GrpcStatus);

    [Fact]
    public async Task A_flag_that_does_not_exist_is_an_error() =>
        Assert.NotEqual("0", (await raw.PostAsync(Unary, RawClient.Frame(2, (uint)Message.Length, Message))).GrpcStatus);

    [Fact]
    public async Task Compressed_bytes_without_a_named_compression_are_an_error() =>
        Assert.Equal("13", (await raw.PostAsync(Unary, RawClient.Frame(1, (uint)Message.Length, Message))).GrpcStatus);

    [Fact]
    public async Task An_unknown_compression_is_unimplemented()
    {
        var answer = await raw.PostAsync(
            Unary, RawClient.Frame(1, (uint)Message.Length, Message), request => request.Headers.Add("grpc-encoding", "zopfli"));
        Assert.Equal("12", answer.GrpcStatus);
        Assert.Contains("gzip", Uri.UnescapeDataString(answer.GrpcMessage!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_is_understood()
    {
        var body = Gzip(Message);
        var answer = await raw.PostAsync(
            Unary, RawClient.Frame(1, (uint)body.Length, body), request => request.Headers.Add("grpc-encoding", "gzip"));
        Assert.Equal("0", answer.GrpcStatus);
        Assert.Contains("fine", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_small_message_that_unpacks_to_a_huge_one_is_refused()
    {
        var bomb = Gzip(new byte[50_000_000]);
        Assert.InRange(bomb.Length, 1, 100_000);
        var answer = await raw.PostAsync(
            Unary, RawClient.Frame(1, (uint)bomb.Length, bomb), request => request.Headers.Add("grpc-encoding", "gzip"));
        Assert.Equal(TestServer.OverLimitUnpacked, answer.GrpcStatus);
    }

    [Fact]
    public async Task Bytes_that_are_no_gzip_are_an_error()
    {
        var answer = await raw.PostAsync(
            Unary, RawClient.Frame(1, (uint)Message.Length, Message), request => request.Headers.Add("grpc-encoding", "gzip"));
        Assert.NotEqual("0", answer.GrpcStatus);
    }

    [Fact]
    public async Task Bytes_that_are_no_protobuf_are_an_error()
    {
        byte[] garbage = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        // The real package takes it for a mistake of the handler's (UNKNOWN); the embedded one says what it is, as gRPC's list of statuses does (INTERNAL).
        Assert.Contains((await raw.PostAsync(Unary, RawClient.Frame(0, (uint)garbage.Length, garbage))).GrpcStatus, (string?[])["2", "13"]);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpcx")]
    [InlineData("application/grpc-web")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused_by_HTTP(string? contentType) =>
        Assert.Equal(415, (await raw.PostAsync(Unary, RawClient.Frame(0, (uint)Message.Length, Message), contentType: contentType)).HttpStatus);

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc;charset=utf-8")]
    public async Task The_content_type_may_name_a_format(string contentType) =>
        Assert.Equal("0", (await raw.PostAsync(Unary, RawClient.Frame(0, (uint)Message.Length, Message), contentType: contentType)).GrpcStatus);

    [Theory]
    [InlineData("soon")]
    [InlineData("-5S")]
    [InlineData("99999999999H")]
    [InlineData("5")]
    public async Task A_timeout_that_makes_no_sense_does_no_harm(string timeout)
    {
        var answer = await raw.PostAsync(
            Unary, RawClient.Frame(0, (uint)Message.Length, Message), request => request.Headers.TryAddWithoutValidation("grpc-timeout", timeout));
        Assert.Equal("0", answer.GrpcStatus);
    }

    [Fact]
    public async Task HTTP_1_is_told_to_upgrade()
    {
        await using var old = await TestServer.StartAsync(protocols: HttpProtocols.Http1);
        using var client = new RawClient(old.Address) { Version = HttpVersion.Version11 };
        Assert.Equal(426, (await client.PostAsync(Unary, RawClient.Frame(0, (uint)Message.Length, Message))).HttpStatus);
    }

    [Fact]
    public async Task A_client_that_vanishes_cancels_its_call()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await socket.SendAsync(RawHttp2.OpenCall("/mesh.rpc.test.Echo/Unary", RawClient.Frame(new Request { Hang = true })));
        await server.Seen.Hanging.Task.WaitAsync(Patience.Token);
        socket.Close(0);
        await server.Seen.Cancelled.Task.WaitAsync(Patience.Token);
    }

    [Fact]
    public async Task Bytes_that_are_no_HTTP_are_refused()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(new string('?', 200_000)));
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Patience.Token) > 0)
            {
                // Until the server has closed.
            }
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with our bytes unread.
        }
    }

    private static byte[] Gzip(byte[] data)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.SmallestSize))
        {
            gzip.Write(data);
        }
        return output.ToArray();
    }
}
