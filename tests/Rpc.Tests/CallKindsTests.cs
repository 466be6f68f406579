using Google.Protobuf;
using Grpc.Core;
using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

public sealed class CallKindsTests : IAsyncLifetime
{
    private TestServer server = null!;
    private Echo.EchoClient client = null!;

    private static CancellationToken Limit => Patience.Token;

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync();
        client = server.Client();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_unary_call_returns_the_reply()
    {
        using var call = client.UnaryAsync(new Request { Text = "héllo" }, cancellationToken: Limit);
        var reply = await call;
        Assert.Equal("héllo", reply.Text);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        var seen = Assert.Single(server.Seen.Contexts);
        Assert.Equal("/mesh.rpc.test.Echo/Unary", seen.Method);
        Assert.Equal(server.Address.Authority, seen.Host);
        Assert.StartsWith("ipv4:127.0.0.1:", seen.Peer, StringComparison.Ordinal);
        Assert.Equal(DateTime.MaxValue, seen.Deadline);
    }

    [Fact]
    public void A_blocking_unary_call_returns_the_reply() =>
        Assert.Equal("now", client.Unary(new Request { Text = "now" }, cancellationToken: Limit).Text);

    [Fact]
    public async Task A_download_returns_all_replies_in_order()
    {
        using var call = client.Download(new Request { Count = 1000, Text = "x" }, cancellationToken: Limit);
        var counts = new List<int>();
        await foreach (var reply in call.ResponseStream.ReadAllAsync(Limit))
        {
            counts.Add(reply.Count);
        }
        Assert.Equal(Enumerable.Range(1, 1000), counts);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_download_may_be_empty()
    {
        using var call = client.Download(new Request(), cancellationToken: Limit);
        Assert.False(await call.ResponseStream.MoveNext(Limit));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task An_upload_sends_all_requests_in_order()
    {
        using var call = client.Upload(cancellationToken: Limit);
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new Request { Text = $"{i}," }, Limit);
        }
        await call.RequestStream.CompleteAsync();
        var reply = await call;
        Assert.Equal(100, reply.Count);
        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(i => $"{i},")), reply.Text);
    }

    [Fact]
    public async Task A_chat_answers_each_request_before_the_next_is_sent()
    {
        using var call = client.Chat(cancellationToken: Limit);
        for (var i = 1; i <= 50; i++)
        {
            await call.RequestStream.WriteAsync(new Request { Text = $"turn {i}" }, Limit);
            Assert.True(await call.ResponseStream.MoveNext(Limit));
            Assert.Equal((i, $"turn {i}"), (call.ResponseStream.Current.Count, call.ResponseStream.Current.Text));
        }
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Limit));
    }

    [Fact]
    public async Task A_hundred_calls_share_one_connection_at_the_same_time()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(i => client.UnaryAsync(new Request { Text = $"{i}" }, cancellationToken: Limit).ResponseAsync));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), replies.Select(reply => reply.Text));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(100_000)]
    [InlineData(3 * 1024 * 1024)]
    public async Task Messages_of_any_size_arrive_whole(int size)
    {
        var payload = new byte[size];
        new Random(size).NextBytes(payload);
        var reply = await client.UnaryAsync(new Request { Payload = ByteString.CopyFrom(payload) }, cancellationToken: Limit);
        Assert.Equal(payload, reply.Payload.ToByteArray());
    }

    [Fact]
    public async Task Hinted_messages_arrive_with_the_one_that_is_flushed()
    {
        using var call = client.Upload(cancellationToken: Limit);
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        await call.RequestStream.WriteAsync(new Request { Text = "a" }, Limit);
        await call.RequestStream.WriteAsync(new Request { Text = "b" }, Limit);
        await call.RequestStream.CompleteAsync();
        Assert.Equal("ab", (await call).Text);
    }
}
