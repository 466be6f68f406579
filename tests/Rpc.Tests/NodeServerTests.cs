using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

/// <summary>@grpc/grpc-js as server of our client.</summary>
public sealed class NodeServerTests : IAsyncLifetime
{
    private Process node = null!;
    private GrpcChannel channel = null!;
    private Echo.EchoClient client = null!;

    private static CancellationToken Limit => Patience.Token;

    public async ValueTask InitializeAsync()
    {
        node = await Node.StartAsync("server.js", Node.Protos);
        var port = await node.StandardOutput.ReadLineAsync(Limit);
        channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        client = new(channel);
    }

    public async ValueTask DisposeAsync()
    {
        if (node is null)
        {
            return;
        }
        channel.Dispose();
        node.StandardInput.Close();
        await node.WaitForExitAsync();
        node.Dispose();
    }

    [Fact]
    public async Task All_kinds_of_calls_work()
    {
        var payload = new byte[1_000_000];
        var unary = await client.UnaryAsync(new Request { Text = "grüezi", Payload = ByteString.CopyFrom(payload) }, cancellationToken: Limit);
        Assert.Equal(("grüezi", 1_000_000), (unary.Text, unary.Payload.Length));

        using var download = client.Download(new Request { Count = 300, ReplySize = 20_000 }, cancellationToken: Limit);
        var counts = new List<int>();
        await foreach (var reply in download.ResponseStream.ReadAllAsync(Limit))
        {
            counts.Add(reply.Count);
        }
        Assert.Equal(Enumerable.Range(1, 300), counts);

        using var upload = client.Upload(cancellationToken: Limit);
        foreach (var text in new[] { "a", "b", "c" })
        {
            await upload.RequestStream.WriteAsync(new Request { Text = text }, Limit);
        }
        await upload.RequestStream.CompleteAsync();
        Assert.Equal("abc", (await upload).Text);

        using var chat = client.Chat(cancellationToken: Limit);
        for (var i = 1; i <= 10; i++)
        {
            await chat.RequestStream.WriteAsync(new Request { Text = $"{i}" }, Limit);
            Assert.True(await chat.ResponseStream.MoveNext(Limit));
            Assert.Equal($"{i}", chat.ResponseStream.Current.Text);
        }
        await chat.RequestStream.CompleteAsync();
        Assert.False(await chat.ResponseStream.MoveNext(Limit));
    }

    [Fact]
    public async Task Metadata_crosses_both_ways()
    {
        var headers = new Metadata { { "x-text", "words" }, { "x-raw-bin", [0, 255, 128, 1] } };
        using var call = client.UnaryAsync(new Request(), headers, cancellationToken: Limit);
        var received = await call.ResponseHeadersAsync;
        await call;
        foreach (var metadata in new[] { received, call.GetTrailers() })
        {
            Assert.Equal("words", metadata.GetValue("x-text"));
            Assert.Equal([0, 255, 128, 1], metadata.GetValueBytes("x-raw-bin"));
        }
    }

    [Theory]
    [InlineData(StatusCode.NotFound, "100 % nöt here")]
    [InlineData(StatusCode.PermissionDenied, "")]
    public async Task Failures_arrive_with_their_text(StatusCode code, string detail)
    {
        var request = new Request { FailCode = (int)code, FailDetail = detail };
        var unary = await Assert.ThrowsAsync<RpcException>(() => client.UnaryAsync(request, cancellationToken: Limit).ResponseAsync);
        Assert.Equal((code, detail), (unary.StatusCode, unary.Status.Detail));

        request.Count = 2;
        using var download = client.Download(request, cancellationToken: Limit);
        Assert.True(await download.ResponseStream.MoveNext(Limit));
        Assert.True(await download.ResponseStream.MoveNext(Limit));
        var streamed = await Assert.ThrowsAsync<RpcException>(() => download.ResponseStream.MoveNext(Limit));
        Assert.Equal((code, detail), (streamed.StatusCode, streamed.Status.Detail));

        using var chat = client.Chat(cancellationToken: Limit);
        await chat.RequestStream.WriteAsync(request, Limit);
        var early = await Assert.ThrowsAsync<RpcException>(() => chat.ResponseStream.MoveNext(Limit));
        Assert.Equal(code, early.StatusCode);
    }

    [Fact]
    public async Task A_method_without_implementation_is_unimplemented()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => client.MissingAsync(new Request(), cancellationToken: Limit).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task A_deadline_ends_the_call()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.UnaryAsync(new Request { Hang = true }, deadline: DateTime.UtcNow.AddMilliseconds(300)).ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task A_server_that_is_killed_ends_its_streams()
    {
        using var call = client.Download(new Request { Count = 1, Hang = true }, cancellationToken: Limit);
        Assert.True(await call.ResponseStream.MoveNext(Limit));
        node.Kill();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Limit));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
    }
}
