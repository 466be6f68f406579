using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

public sealed class StatusTests : IAsyncLifetime
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

    [Theory]
    [InlineData(StatusCode.NotFound, "no such thing")]
    [InlineData(StatusCode.Internal, "100 % ünïcode: 日本\nsecond line")]
    [InlineData(StatusCode.Unauthenticated, "")]
    public async Task A_status_and_its_text_arrive_as_they_were_given(StatusCode code, string detail)
    {
        var request = new Request { FailCode = (int)code, FailDetail = detail };
        using var call = client.UnaryAsync(request, cancellationToken: Limit);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal((code, detail), (error.StatusCode, error.Status.Detail));
        Assert.Equal(code, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_failure_after_some_messages_is_thrown_after_those_messages()
    {
        var request = new Request { Count = 3, FailCode = (int)StatusCode.DataLoss, FailDetail = "lost" };
        using var call = client.Download(request, cancellationToken: Limit);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(Limit));
        }
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Limit));
        Assert.Equal((StatusCode.DataLoss, "lost"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task A_failure_ends_an_upload_that_is_still_going_on()
    {
        using var call = client.Upload(cancellationToken: Limit);
        await call.RequestStream.WriteAsync(new Request { FailCode = (int)StatusCode.Aborted, FailDetail = "enough" }, Limit);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal((StatusCode.Aborted, "enough"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task An_unhandled_exception_is_unknown_and_its_text_stays_at_home()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.UnaryAsync(new Request { Explode = "password=hunter2" }, cancellationToken: Limit).ResponseAsync);
        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("FormatException", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detailed_errors_are_for_those_who_ask_for_them()
    {
        await using var talkative = await TestServer.StartAsync(options => options.EnableDetailedErrors = true);
        var error = await Assert.ThrowsAsync<RpcException>(
            () => talkative.Client().UnaryAsync(new Request { Explode = "the reason" }, cancellationToken: Limit).ResponseAsync);
        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Contains("the reason", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_without_implementation_is_unimplemented()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => client.MissingAsync(new Request(), cancellationToken: Limit).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Theory]
    [InlineData("mesh.rpc.test.Echo", "Nothing")]
    [InlineData("no.such.Service", "Unary")]
    public async Task Unknown_methods_and_services_are_unimplemented(string service, string name)
    {
        var text = Marshallers.StringMarshaller;
        var method = new Method<string, string>(MethodType.Unary, service, name, text, text);
        var invoker = server.Channel().CreateCallInvoker();
        var error = await Assert.ThrowsAsync<RpcException>(
            () => invoker.AsyncUnaryCall(method, null, new CallOptions(cancellationToken: Limit), "?").ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task A_refused_connection_is_unavailable()
    {
        // A port that was free a moment ago.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        var absent = new Echo.EchoClient(channel);
        var unary = await Assert.ThrowsAsync<RpcException>(() => absent.UnaryAsync(new Request(), cancellationToken: Limit).ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, unary.StatusCode);
        using var chat = absent.Chat(cancellationToken: Limit);
        var read = await Assert.ThrowsAsync<RpcException>(() => chat.ResponseStream.MoveNext(Limit));
        Assert.Equal(StatusCode.Unavailable, read.StatusCode);
        var write = await Assert.ThrowsAsync<RpcException>(() => chat.RequestStream.WriteAsync(new Request()));
        Assert.Equal(StatusCode.Unavailable, write.StatusCode);
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams()
    {
        var mortal = await TestServer.StartAsync();
        using var channel = GrpcChannel.ForAddress(mortal.Address);
        using var call = new Echo.EchoClient(channel).Chat(cancellationToken: Limit);
        await call.RequestStream.WriteAsync(new Request { Text = "there?" }, Limit);
        Assert.True(await call.ResponseStream.MoveNext(Limit));
        var read = call.ResponseStream.MoveNext(Limit);
        await mortal.KillAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => read);
        Assert.NotEqual(StatusCode.OK, error.StatusCode);
    }

    [Fact]
    public async Task A_channel_connects_again_when_its_server_is_back()
    {
        var first = await TestServer.StartAsync();
        using var channel = GrpcChannel.ForAddress(first.Address);
        var steady = new Echo.EchoClient(channel);
        await steady.UnaryAsync(new Request(), cancellationToken: Limit);
        var port = first.Address.Port;
        await first.DisposeAsync();
        await Assert.ThrowsAsync<RpcException>(() => steady.UnaryAsync(new Request(), cancellationToken: Limit).ResponseAsync);
        await using var second = await TestServer.StartAsync(port: port);
        // The original waits a second after a refused connection before it tries again, and refuses calls until then.
        Assert.Equal("back", await UntilItAnswersAsync(() => steady.UnaryAsync(new Request { Text = "back" }, cancellationToken: Limit)));
    }

    [Fact]
    public async Task Other_endpoints_of_the_application_are_left_alone()
    {
        using var raw = new RawClient(server.Address);
        var rest = await raw.PostAsync("/rest/thing", [], contentType: "application/json");
        Assert.Equal((200, "not gRPC"), (rest.HttpStatus, rest.Text));
        var missing = await raw.PostAsync("/rest/nothing", [], contentType: "application/json");
        Assert.Equal((404, null), (missing.HttpStatus, missing.GrpcStatus));
    }

    [Fact]
    public async Task Closing_the_channel_ends_its_calls()
    {
        var channel = GrpcChannel.ForAddress(server.Address);
        var doomed = new Echo.EchoClient(channel);
        var call = doomed.UnaryAsync(new Request { Hang = true }, cancellationToken: Limit);
        await server.Seen.Hanging.Task.WaitAsync(Limit);
        channel.Dispose();
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        await server.Seen.Cancelled.Task.WaitAsync(Limit);
        Assert.Throws<ObjectDisposedException>(() => doomed.UnaryAsync(new Request()));
    }

    private static async Task<string> UntilItAnswersAsync(Func<AsyncUnaryCall<Reply>> call)
    {
        while (true)
        {
            try
            {
                return (await call()).Text;
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
            {
                Limit.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }
}
