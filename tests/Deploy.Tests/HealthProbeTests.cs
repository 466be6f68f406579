using System.Net;
using System.Net.Sockets;

namespace Mesh.Deploy.Tests;

/// <summary>What health checks of containers run.</summary>
public sealed class HealthProbeTests
{
    [Theory]
    [InlineData("mesh-silo", "200 OK", 0)]
    [InlineData("mesh-silo", "503 Service Unavailable", 1)]
    [InlineData("mesh-proxy", "200 OK", 0)]
    [InlineData("mesh-proxy", "503 Service Unavailable", 1)]
    public async Task An_answer_becomes_an_exit_code(string program, string status, int code)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answer = Answer(listener, status);
        var (exit, said) = await Task.Run(() => Ask(program, $"http://{listener.LocalEndpoint}/readyz"), TestContext.Current.CancellationToken);
        await answer;
        Assert.Equal((code, code == 0 ? "" : $"{program}: 503 why not\n"), (exit, said));
    }

    [Theory]
    [InlineData("mesh-silo")]
    [InlineData("mesh-proxy")]
    public void Nobody_there_is_a_failure(string program)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = taken.LocalEndpoint;
        taken.Stop();
        Assert.Equal((1, $"{program}: {address} does not answer (ConnectionError).\n"), Ask(program, $"http://{address}/"));
    }

    [Theory]
    [InlineData("mesh-silo")]
    [InlineData("mesh-proxy")]
    public void What_is_no_address_is_a_wrong_option(string program) => Assert.Equal(2, Ask(program, "15080").Code);

    private static (int Code, string Said) Ask(string program, string address) =>
        Tool.Run("dotnet", Path.Combine(AppContext.BaseDirectory, program + ".dll"), "--health", address);

    private static async Task Answer(TcpListener listener, string status)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 })
        {
        }

        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwhy not"), TestContext.Current.CancellationToken);
    }
}
