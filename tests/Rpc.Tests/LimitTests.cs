using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

public sealed class LimitTests
{
    private const int Kilobyte = 1024;

    private static CancellationToken Limit => Patience.Token;

    [Fact]
    public async Task A_request_over_the_servers_limit_is_refused_and_the_next_is_served()
    {
        await using var server = await TestServer.StartAsync(options => options.MaxReceiveMessageSize = 10 * Kilobyte);
        var client = server.Client();
        await AssertExhausted(client.UnaryAsync(Of(11 * Kilobyte), cancellationToken: Limit).ResponseAsync);
        Assert.Equal(9 * Kilobyte, (await client.UnaryAsync(Of(9 * Kilobyte), cancellationToken: Limit)).Payload.Length);
    }

    [Fact]
    public async Task Four_megabytes_are_the_default_on_both_sides()
    {
        await using var server = await TestServer.StartAsync();
        var client = server.Client();
        await AssertExhausted(client.UnaryAsync(Of(5 * Kilobyte * Kilobyte), cancellationToken: Limit).ResponseAsync);
        await AssertExhausted(
            client.UnaryAsync(new Request { ReplySize = 5 * Kilobyte * Kilobyte }, cancellationToken: Limit).ResponseAsync);
    }

    [Fact]
    public async Task A_limit_can_be_lifted()
    {
        await using var server = await TestServer.StartAsync(options => options.MaxReceiveMessageSize = null);
        var client = server.Client(new GrpcChannelOptions { MaxReceiveMessageSize = null });
        var reply = await client.UnaryAsync(Of(9 * Kilobyte * Kilobyte), cancellationToken: Limit);
        Assert.Equal(9 * Kilobyte * Kilobyte, reply.Payload.Length);
    }

    [Fact]
    public async Task A_reply_over_the_servers_own_limit_is_not_sent()
    {
        await using var server = await TestServer.StartAsync(options => options.MaxSendMessageSize = Kilobyte);
        await AssertExhausted(server.Client().UnaryAsync(new Request { ReplySize = 2 * Kilobyte }, cancellationToken: Limit).ResponseAsync);
    }

    [Fact]
    public async Task A_request_over_the_clients_own_limit_is_not_sent()
    {
        await using var server = await TestServer.StartAsync();
        var client = server.Client(new GrpcChannelOptions { MaxSendMessageSize = Kilobyte });
        await AssertExhausted(client.UnaryAsync(Of(2 * Kilobyte), cancellationToken: Limit).ResponseAsync);
        Assert.Empty(server.Seen.Contexts);
    }

    [Fact]
    public async Task A_reply_over_the_clients_limit_ends_the_stream_and_the_server()
    {
        await using var server = await TestServer.StartAsync();
        var client = server.Client(new GrpcChannelOptions { MaxReceiveMessageSize = Kilobyte });
        using var call = client.Download(new Request { Count = 100_000, ReplySize = 2 * Kilobyte }, cancellationToken: Limit);
        await AssertExhausted(call.ResponseStream.MoveNext(Limit));
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_client_that_does_not_read_stalls_the_servers_writer()
    {
        const int Count = 4000;
        const int Bound = 200;
        await using var server = await TestServer.StartAsync();
        var client = server.Client();
        using var call = client.Download(new Request { Count = Count, ReplySize = 16 * Kilobyte }, cancellationToken: Limit);
        await call.ResponseHeadersAsync;
        await WorkAsync(client);
        Assert.InRange(server.Seen.LastWritten, 0, Bound);
        var read = 0;
        while (await call.ResponseStream.MoveNext(Limit))
        {
            Assert.Equal(++read, call.ResponseStream.Current.Count);
        }
        Assert.Equal((Count, Count), (read, server.Seen.LastWritten));
    }

    [Fact]
    public async Task A_server_that_does_not_read_stalls_the_clients_writer()
    {
        const int Bound = 60;
        await using var server = await TestServer.StartAsync();
        var client = server.Client();
        using var call = client.Upload(cancellationToken: Limit);
        await call.RequestStream.WriteAsync(new Request { Hang = true }, Limit);
        await server.Seen.Hanging.Task.WaitAsync(Limit);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            for (; written < 2000; written++)
            {
                await call.RequestStream.WriteAsync(Of(64 * Kilobyte));
            }
        }, Limit);
        // On a connection of its own: Kestrel gives the connection's window (1 MB) back in halves, and an unread stream holds
        // three quarters of it, so other calls on the same connection would stop too.
        await WorkAsync(server.Client());
        Assert.InRange(Volatile.Read(ref written), 0, Bound);
        call.Dispose();
        await Assert.ThrowsAsync<RpcException>(() => writing);
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
    }

    /// <summary>Enough other traffic for a writer without a bound to run far ahead.</summary>
    private static async Task WorkAsync(Echo.EchoClient client)
    {
        for (var i = 0; i < 300; i++)
        {
            await client.UnaryAsync(Of(Kilobyte), cancellationToken: Limit);
        }
    }

    private static Request Of(int size) => new() { Payload = ByteString.CopyFrom(new byte[size]) };

    private static async Task AssertExhausted(Task call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }
}
