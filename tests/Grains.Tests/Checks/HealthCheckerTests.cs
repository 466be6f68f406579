using System.Net;
using System.Net.Sockets;
using Mesh.Core.Policies;
using Mesh.Grains.Checks;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Mesh.Grains.Tests.Checks;

/// <summary>Checks over real sockets, against servers that answer, refuse, hang, and talk nonsense.</summary>
public sealed class HealthCheckerTests : IDisposable
{
    private static readonly HealthCheck Http = new() { Path = "/healthz", Timeout = TimeSpan.FromSeconds(20) };
    private static readonly HealthCheck Tcp = Http with { Protocol = HealthCheckProtocol.Tcp };
    private static readonly HealthCheck Grpc = Http with { Protocol = HealthCheckProtocol.Grpc };

    private readonly HealthChecker _checker = new();

    public void Dispose() => _checker.Dispose();

    [Fact]
    public async Task A_status_in_the_range_passes_and_another_is_named()
    {
        await using var server = await CheckedServer.Start(context =>
        {
            context.Response.StatusCode = context.Request.Path == "/healthz" ? 204 : int.Parse(context.Request.Path.Value![1..]);
            return Task.CompletedTask;
        });
        Assert.Equal(CheckResult.Pass, await Check(Http, server.Port));
        Assert.Equal(CheckResult.Fail("503"), await Check(Http with { Path = "/503" }, server.Port));
        Assert.Equal(CheckResult.Fail("299"), await Check(Http with { Path = "/299", ExpectedStatusTo = 299 }, server.Port));
        Assert.Equal(CheckResult.Fail("300"), await Check(Http with { Path = "/300" }, server.Port));
        Assert.Equal(CheckResult.Pass, await Check(Http with { Path = "/404", ExpectedStatusFrom = 404, ExpectedStatusTo = 405 }, server.Port));
        Assert.Equal(CheckResult.Fail("403"), await Check(Http with { Path = "/403", ExpectedStatusFrom = 404, ExpectedStatusTo = 405 }, server.Port));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var asked = 0;
        await using var server = await CheckedServer.Start(context =>
        {
            asked++;
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        Assert.Equal(CheckResult.Fail("302"), await Check(Http, server.Port));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task The_host_is_the_policys_or_the_address()
    {
        var hosts = new List<string>();
        await using var server = await CheckedServer.Start(context =>
        {
            hosts.Add(context.Request.Host.Value!);
            return Task.CompletedTask;
        });
        await Check(Http, server.Port);
        await Check(Http with { Host = "cart.shop" }, server.Port);
        Assert.Equal([$"127.0.0.1:{server.Port}", "cart.shop"], hosts);
    }

    [Fact]
    public async Task A_connection_is_kept_for_the_next_check_also_when_the_answer_has_a_body()
    {
        var connections = new HashSet<string>();
        await using var server = await CheckedServer.Start(context =>
        {
            connections.Add(context.Connection.Id);
            return context.Response.WriteAsync(new string('x', 20_000));
        });
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(CheckResult.Pass, await Check(Http, server.Port));
        }

        // What is left of a body is read after the check has ended; a check that comes sooner opens a second connection.
        Assert.InRange(connections.Count, 1, 5);
    }

    [Fact]
    public async Task A_body_without_end_does_not_hold_up_the_check()
    {
        await using var server = await CheckedServer.Start(async context =>
        {
            var chunk = new byte[10_000];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
        });
        Assert.Equal(CheckResult.Pass, await Check(Http, server.Port));
    }

    [Fact]
    public async Task A_kept_connection_that_the_endpoint_has_closed_meanwhile_is_no_failure()
    {
        await using var first = await CheckedServer.Start(_ => Task.CompletedTask);
        Assert.Equal(CheckResult.Pass, await Check(Http, first.Port));
        await first.DisposeAsync();
        await using var second = await CheckedServer.Start(_ => Task.CompletedTask, port: first.Port);
        Assert.Equal(CheckResult.Pass, await Check(Http, second.Port));
    }

    [Theory]
    [InlineData(HealthCheckProtocol.Http)]
    [InlineData(HealthCheckProtocol.Tcp)]
    [InlineData(HealthCheckProtocol.Grpc)]
    public async Task Where_nobody_listens_the_connection_is_refused(HealthCheckProtocol protocol) =>
        Assert.Equal(CheckResult.Fail("connection refused"), await Check(Http with { Protocol = protocol }, FreePort()));

    [Theory]
    [InlineData(HealthCheckProtocol.Http)]
    [InlineData(HealthCheckProtocol.Grpc)]
    public async Task Who_does_not_answer_in_time_has_failed(HealthCheckProtocol protocol)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Assert.Equal(
            CheckResult.Fail("no answer in 100ms"),
            await Check(Http with { Protocol = protocol, Timeout = TimeSpan.FromMilliseconds(100) }, Port(silent)));
    }

    [Fact]
    public async Task Who_closes_without_an_answer_or_answers_nonsense_has_failed()
    {
        Assert.Equal(CheckResult.Fail("closed without an answer"), await Answered(""));
        Assert.Equal(CheckResult.Fail("not an HTTP answer"), await Answered("HELO example.org\r\n\r\n"));
        Assert.Equal(CheckResult.Fail("closed without an answer"), await Answered("HTTP/1.1 200 OK\r\nX: "));
    }

    [Fact]
    public async Task A_port_of_the_policy_takes_the_place_of_the_endpoints()
    {
        await using var server = await CheckedServer.Start(_ => Task.CompletedTask);
        Assert.Equal(CheckResult.Pass, await Check(Http with { Port = server.Port }, FreePort()));
    }

    [Fact]
    public async Task A_connection_that_comes_up_passes_by_tcp_whatever_happens_on_it()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Assert.Equal(CheckResult.Pass, await Check(Tcp, Port(silent)));
    }

    [Fact]
    public async Task An_ipv6_address_is_checked_too()
    {
        if (!Socket.OSSupportsIPv6)
        {
            Assert.Skip("This machine has no IPv6.");
        }

        using var silent = new TcpListener(IPAddress.IPv6Loopback, 0);
        silent.Start();
        Assert.Equal(CheckResult.Pass, await _checker.Check(Tcp, "::1", Port(silent)));
        Assert.Equal("http://[::1]:81/x", HttpCheck.At("::1", 81, "/x").AbsoluteUri);
    }

    [Fact]
    public async Task What_cannot_even_be_asked_has_failed_without_a_word_of_an_exception()
    {
        Assert.Equal(CheckResult.Fail("not a request that can be made"), await _checker.Check(Tcp, "nowhere", 80));
        Assert.Equal(CheckResult.Fail("not a request that can be made"), await _checker.Check(Http with { Host = "a\nb" }, "127.0.0.1", FreePort()));
    }

    [Fact]
    public async Task A_time_out_of_nothing_is_a_failure_and_not_an_exception() =>
        Assert.False((await Check(Http with { Timeout = TimeSpan.Zero }, FreePort())).Passed);

    [Theory]
    [InlineData("", 1, "0", true, null)]
    [InlineData("shop.Cart", 1, "0", true, null)]
    [InlineData("shop.Cart", 2, "0", false, "NOT_SERVING")]
    [InlineData("", 3, "0", false, "SERVICE_UNKNOWN")]
    [InlineData("", 0, "0", false, "UNKNOWN")]
    [InlineData("", 1, "14", false, "UNAVAILABLE")]
    [InlineData("", 1, "12", false, "UNIMPLEMENTED")]
    public async Task Grpc_health_passes_when_it_serves(string service, byte status, string code, bool passed, string? note)
    {
        byte[]? asked = null;
        await using var server = await CheckedServer.Start(
            async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                asked = body.ToArray();
                Assert.Equal(("POST", "/grpc.health.v1.Health/Check", "application/grpc"), (context.Request.Method, context.Request.Path.Value, context.Request.ContentType));
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(status == 0 ? [0, 0, 0, 0, 0] : new byte[] { 0, 0, 0, 0, 2, 8, status });
                context.Response.AppendTrailer("grpc-status", code);
            },
            http2: true);
        Assert.Equal(new CheckResult(passed, note), await Check(Grpc with { GrpcServiceName = service }, server.Port));
        Assert.Equal(GrpcCheck.Ask(service), asked);
    }

    [Fact]
    public async Task A_grpc_server_without_the_health_service_has_failed()
    {
        await using var server = await CheckedServer.Start(
            context =>
            {
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["grpc-status"] = "12";
                return Task.CompletedTask;
            },
            http2: true);
        Assert.Equal(CheckResult.Fail("UNIMPLEMENTED"), await Check(Grpc, server.Port));
    }

    [Fact]
    public async Task A_web_server_is_no_grpc_server()
    {
        await using var http2 = await CheckedServer.Start(_ => Task.CompletedTask, http2: true);
        Assert.Equal(CheckResult.Fail("no gRPC status"), await Check(Grpc, http2.Port));
        await using var missing = await CheckedServer.Start(
            context =>
            {
                context.Response.StatusCode = 404;
                return Task.CompletedTask;
            },
            http2: true);
        Assert.Equal(CheckResult.Fail("404"), await Check(Grpc, missing.Port));
        await using var http1 = await CheckedServer.Start(_ => Task.CompletedTask);
        Assert.False((await Check(Grpc, http1.Port)).Passed);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 8, 1 }, true)]
    [InlineData(new byte[] { }, false)]
    [InlineData(new byte[] { 0, 0, 0, 0 }, false)]
    [InlineData(new byte[] { 1, 0, 0, 0, 2, 8, 1 }, false)]
    [InlineData(new byte[] { 0, 0, 0, 0, 3, 8, 1 }, false)]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 16, 1 }, false)]
    [InlineData(new byte[] { 0, 0, 0, 0, 3, 8, 129, 1 }, false)]
    [InlineData(new byte[] { 0, 255, 255, 255, 255, 8, 1 }, false)]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 8, 9 }, false)]
    public void A_grpc_answer_is_read_as_it_is_written_and_nothing_else_is(byte[] answer, bool passes) =>
        Assert.Equal(passes, GrpcCheck.Judge("0", answer).Passed);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("17")]
    [InlineData("zero")]
    public void A_grpc_status_that_there_is_not_is_none(string? code) =>
        Assert.Equal(CheckResult.Fail("no gRPC status"), GrpcCheck.Judge(code, [0, 0, 0, 0, 2, 8, 1]));

    [Fact]
    public void A_long_service_name_has_a_length_of_two_bytes()
    {
        var asked = GrpcCheck.Ask(new string('x', 300));
        Assert.Equal([0, 0, 0, 1, 47, 0x0A, 0xAC, 0x02, (byte)'x'], asked[..9]);
        Assert.Equal(5 + 303, asked.Length);
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return Port(listener);
    }

    private Task<CheckResult> Check(HealthCheck check, int port) => _checker.Check(check, "127.0.0.1", port);

    private async Task<CheckResult> Answered(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var check = Check(Http, Port(listener));
        // A client may try again on another connection when the first was closed before anything came.
        while (await Task.WhenAny(check, listener.AcceptTcpClientAsync()) is Task<TcpClient> accepted)
        {
            using var client = await accepted;
            _ = await client.GetStream().ReadAsync(new byte[4096]);
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
            client.Client.Shutdown(SocketShutdown.Send);
        }

        return await check;
    }
}
