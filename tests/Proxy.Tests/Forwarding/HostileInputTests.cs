using System.Net;
using System.Net.Sockets;
using System.Text;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Xunit;

namespace Mesh.Proxy.Tests.Forwarding;

public class HostileInputTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: greeter\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: greeter\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: greeter\r\nBad Header\r\n\r\n", "400")]
    [InlineData("\0\0\0\0\0\0\0\0\r\n\r\n", "400")]
    [InlineData("CONNECT greeter:80 HTTP/1.1\r\nHost: greeter:80\r\n\r\n", "40")]
    public async Task Requests_that_are_none_are_refused_and_reach_no_backend(string request, string status)
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);

        Assert.StartsWith($"HTTP/1.1 {status}", await Raw(proxy, request), StringComparison.Ordinal);
        Assert.Equal(0, backend.Hits);
        Assert.Equal("hello", await proxy.Text("greeter"));
    }

    [Fact]
    public async Task A_request_with_two_framings_is_not_split_into_two()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);

        await Raw(proxy, "POST / HTTP/1.1\r\nHost: greeter\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: greeter\r\n\r\n");

        Assert.InRange(backend.Hits, 0, 1);
    }

    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0004\u0004\0\0\0\0\0garbage that is no frame at all")]
    [InlineData("PRI *")]
    public async Task A_broken_beginning_of_HTTP_2_harms_nobody_else(string bytes)
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, proxy.Address.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes));

        Assert.Equal("hello", await proxy.Text("greeter"));
    }

    [Fact]
    public async Task More_host_names_than_may_be_followed_are_refused_and_the_known_ones_go_on()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane, o => o with { MaxHosts = 5, Services = ["greeter"], ConfigurationWait = TimeSpan.FromSeconds(2) });
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 1, "the configuration is there");

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            using var response = await proxy.Get($"flood-{i}");
            return response.StatusCode;
        }));

        Assert.All(answers, a => Assert.True(a is HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable));
        Assert.Contains(HttpStatusCode.ServiceUnavailable, answers);
        Assert.InRange((await proxy.Config()).GetProperty("hosts").GetArrayLength(), 1, 5);
        Assert.Equal("hello", await proxy.Text("greeter"));
    }

    [Fact]
    public async Task The_admin_port_reads_only()
    {
        await using var plane = await ControlPlane.Start();
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Client.PostAsync(new Uri(proxy.Admin, "/config"), null);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    private static async Task<string> Raw(RunningProxy proxy, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, proxy.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        var buffer = new byte[4096];
        var read = await Eventually.Done(stream.ReadAsync(buffer).AsTask());
        return Encoding.Latin1.GetString(buffer, 0, read);
    }
}
