using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Gateway.Tests.Streams;
using Mesh.Xds;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>The program, told to stop by the signal that every supervisor sends.</summary>
public sealed partial class DrainProcessTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-silo-");

    [Fact]
    public async Task Told_to_stop_it_ends_its_streams_in_order_and_exits_with_0()
    {
        using var silo = Start();
        using var channel = GrpcChannel.ForAddress($"http://{await Port(silo)}");
        using var client = new TestClient(channel);
        await client.Ask(ResourceType.Listener, "nobody");
        await client.Receive();

        Signal(silo);
        var end = await client.End();
        Assert.Equal((StatusCode.Unavailable, true), (end.StatusCode, end.Status.Detail.StartsWith("draining", StringComparison.Ordinal)));
        Assert.Equal(0, await Exit(silo));
    }

    [Fact]
    public async Task Told_twice_it_ends_at_once()
    {
        using var silo = Start("--drain-announce", "60s");
        using var channel = GrpcChannel.ForAddress($"http://{await Port(silo)}");
        using var client = new TestClient(channel);
        await client.Ask(ResourceType.Listener, "nobody");
        await client.Receive();

        Signal(silo);
        // It has heard: it takes nobody in any more.
        await Eventually.True(async () =>
        {
            using var late = new TestClient(channel);
            await late.Ask(ResourceType.Listener, "nobody");
            try
            {
                await late.Receive();
                return false;
            }
            catch (RpcException refused)
            {
                return refused.StatusCode == StatusCode.Unavailable;
            }
        });
        Signal(silo);
        Assert.Equal(1, await Exit(silo));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static void Signal(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static async Task<int> Exit(Process process)
    {
        // Shorter than the announcement of who was told twice.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(45));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    private static async Task<string> Port(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Limit) is { } line)
        {
            if (Up().Match(line) is { Success: true } up)
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return up.Groups[1].Value;
            }
        }

        throw new EndOfStreamException("It ended before it was up.");
    }

    private Process Start(params string[] more)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "mesh-silo.dll"), "--rest-port", "0", "--grpc-port", "0", "--data", _data.FullName, .. more];
        return Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
    }

    [GeneratedRegex(@"gRPC ([0-9.]+:[0-9]+)")]
    private static partial Regex Up();
}
