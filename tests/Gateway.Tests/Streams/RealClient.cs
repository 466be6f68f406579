using System.Diagnostics;
using System.Text.Json;
using Mesh.XdsClients;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A gRPC library that was not written here, in a process of its own (tests/XdsClients).</summary>
internal sealed class RealClient : IDisposable
{
    private readonly Process _process;

    private RealClient(Process process) => _process = process;

    /// <summary>Starts one, or skips the test where it is not installed; in CI that is a failure.</summary>
    public static RealClient Start(string script, StreamHost xds, string target) => Start(script, xds.Address, target);

    /// <inheritdoc cref="Start(string, StreamHost, string)"/>
    public static RealClient Start(string script, Uri xds, string target)
    {
        var node = script.EndsWith(".js", StringComparison.Ordinal);
        if (node)
        {
            XdsClientsFolder.RequireNodePackages();
        }
        else
        {
            var there = XdsClientsFolder.Runs("/usr/bin/python3", "-c", "import grpc");
            XdsClientsFolder.Require(there, "python3-grpcio (apt-get install -y python3-grpcio)");
        }

        return new RealClient(Process.Start(new ProcessStartInfo(node ? "node" : "/usr/bin/python3")
        {
            ArgumentList = { Path.Combine(XdsClientsFolder.FullPath, script), xds.Authority, target },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    /// <summary>Makes calls, and says how often each answer came.</summary>
    public Task<Dictionary<string, int>> Call(int count) => Tell($"call {count}");

    /// <summary>Has callers call without end.</summary>
    public Task StartCalling(int callers) => Tell($"start {callers}");

    /// <summary>Says how often each answer came since it last said so.</summary>
    public Task<Dictionary<string, int>> Take() => Tell("take");

    /// <summary>Has the callers end, and says what came since the last time.</summary>
    public Task<Dictionary<string, int>> StopCalling() => Tell("stop");

    private async Task<Dictionary<string, int>> Tell(string command)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _process.StandardInput.WriteLineAsync(command.AsMemory(), limit.Token);
        await _process.StandardInput.FlushAsync(limit.Token);
        var line = await _process.StandardOutput.ReadLineAsync(limit.Token);
        Assert.True(line is not null, "The client has ended.");
        return JsonDocument.Parse(line).RootElement.GetProperty("answers").Deserialize<Dictionary<string, int>>()!;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
