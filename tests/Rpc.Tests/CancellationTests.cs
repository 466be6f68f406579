using Grpc.Core;
using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

/// <summary>Deadlines and cancellation, from either side. Deadlines are the only clock here; nothing asserts how long it takes.</summary>
public sealed class CancellationTests : IAsyncLifetime
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
    public async Task A_deadline_ends_the_call_on_both_sides()
    {
        // The first call connects; the second must reach the server before its deadline.
        using (var first = client.Upload(cancellationToken: Limit))
        {
            await first.RequestStream.CompleteAsync();
            await first;
        }
        var deadline = DateTime.UtcNow.AddSeconds(1);
        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.UnaryAsync(new Request { Hang = true }, deadline: deadline).ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
        var seen = Assert.Single(server.Seen.Contexts);
        Assert.InRange(seen.Deadline, deadline.AddSeconds(-60), deadline.AddSeconds(60));
    }

    [Fact]
    public async Task A_deadline_that_the_server_alone_knows_is_answered_by_the_server()
    {
        // By hand: a client of either edition would end the call by itself.
        using var raw = new RawClient(server.Address);
        var answer = await raw.PostAsync("/mesh.rpc.test.Echo/Unary", RawClient.Frame(new Request { Hang = true }),
            request => request.Headers.Add("grpc-timeout", "200m"));
        Assert.Equal("4", answer.GrpcStatus);
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_sends_nothing()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.UnaryAsync(new Request(), deadline: DateTime.UtcNow.AddSeconds(-1)).ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Empty(server.Seen.Contexts);
    }

    [Fact]
    public async Task A_deadline_far_away_does_not_matter()
    {
        var reply = await client.UnaryAsync(new Request { Text = "ok" }, deadline: DateTime.UtcNow.AddDays(400), cancellationToken: Limit);
        Assert.Equal("ok", reply.Text);
    }

    [Fact]
    public async Task A_deadline_ends_a_stream_that_waits_for_its_server()
    {
        using var call = client.Download(new Request { Count = 1, Hang = true }, deadline: DateTime.UtcNow.AddMilliseconds(500));
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(Limit))
            {
                // On a slow machine the deadline comes before the message.
            }
        });
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task The_callers_token_cancels_the_server()
    {
        using var cancel = new CancellationTokenSource();
        var call = client.UnaryAsync(new Request { Hang = true }, cancellationToken: cancel.Token);
        await server.Seen.Hanging.Task.WaitAsync(Limit);
        await cancel.CancelAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_cancels_the_call()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.UnaryAsync(new Request(), cancellationToken: new CancellationToken(true)).ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
    }

    [Fact]
    public async Task Disposing_a_call_cancels_the_server()
    {
        var call = client.Chat(cancellationToken: Limit);
        await call.RequestStream.WriteAsync(new Request { Text = "one" }, Limit);
        Assert.True(await call.ResponseStream.MoveNext(Limit));
        call.Dispose();
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Cancelling_a_read_cancels_the_call()
    {
        using var call = client.Chat(cancellationToken: Limit);
        using var cancel = new CancellationTokenSource();
        await call.RequestStream.WriteAsync(new Request { Text = "one" }, Limit);
        Assert.True(await call.ResponseStream.MoveNext(Limit));
        var read = call.ResponseStream.MoveNext(cancel.Token);
        await cancel.CancelAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => read);
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_write_after_the_end_throws_what_ended_the_call()
    {
        using var cancel = new CancellationTokenSource();
        using var call = client.Chat(cancellationToken: cancel.Token);
        await call.RequestStream.WriteAsync(new Request { Text = "one" }, Limit);
        Assert.True(await call.ResponseStream.MoveNext(Limit));
        await cancel.CancelAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new Request { Text = "two" }));
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
    }

    [Fact]
    public async Task A_write_after_completion_is_refused()
    {
        using var call = client.Upload(cancellationToken: Limit);
        await call.RequestStream.CompleteAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new Request()));
        Assert.Equal(0, (await call).Count);
    }

    [Fact]
    public async Task The_status_is_not_known_while_the_call_runs()
    {
        using var call = client.UnaryAsync(new Request { Hang = true }, cancellationToken: Limit);
        await server.Seen.Hanging.Task.WaitAsync(Limit);
        Assert.Throws<InvalidOperationException>(() => call.GetStatus());
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());
    }
}
