using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>The program as a person starts it.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-silo-");

    [Fact]
    public async Task A_port_in_use_is_one_clear_line_and_an_exit_code()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var (code, said) = await Run("--rest-port", port, "--grpc-port", "0", "--data", _data.FullName);
        Assert.Equal(3, code);
        Assert.Equal($"mesh-silo: Port {port} of 127.0.0.1 is in use. Stop what uses it, or choose another with --rest-port.\n", said);
    }

    [Fact]
    public async Task A_wrong_option_is_one_clear_line_and_an_exit_code()
    {
        var (code, said) = await Run("--rest-port", "high");
        Assert.Equal(2, code);
        Assert.Equal("mesh-silo: --rest-port 'high': This is not a port. Use 1 to 65535, or 0 for a free one.\n", said);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_one_clear_line()
    {
        var (code, said) = await Run("--rest-port", "0", "--grpc-port", "0", "--data", "/proc/mesh");
        Assert.Equal(3, code);
        Assert.StartsWith("mesh-silo: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_one_clear_line()
    {
        var (code, said) = await Run("--rest-port", "0", "--grpc-port", "0", "--data", _data.FullName, "--bind", "192.0.2.1");
        Assert.Equal(1, code);
        Assert.StartsWith("mesh-silo: 192.0.2.1:0 cannot be listened on", said, StringComparison.Ordinal);
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static async Task<(int Code, string Said)> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "mesh-silo.dll"), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var said = await process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal("", await output);
        return (process.ExitCode, said);
    }
}
