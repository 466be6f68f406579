using System.Diagnostics;
using System.Text.Json;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A gRPC library that was not written here, in a process of its own (tests/XdsClients).</summary>
internal sealed class RealClient : IDisposable
{
    private static readonly string Folder = FindFolder();
    private static readonly Lazy<bool> NodePackages = new(InstallNodePackages);
    private readonly Process _process;

    private RealClient(Process process) => _process = process;

    /// <summary>Starts one, or skips the test where it is not installed; in CI that is a failure.</summary>
    public static RealClient Start(string script, StreamHost xds, string target)
    {
        var node = script.EndsWith(".js", StringComparison.Ordinal);
        var missing = node ? NodePackages.Value ? null : "node and npm, with a registry that has @grpc/grpc-js-xds"
            : Runs("/usr/bin/python3", "-c \"import grpc\"") ? null : "python3-grpcio (apt-get install -y python3-grpcio)";
        if (missing is not null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", $"This needs {missing}.");
            Assert.Fail($"CI must have {missing}.");
        }

        return new RealClient(Process.Start(new ProcessStartInfo(node ? "node" : "/usr/bin/python3")
        {
            ArgumentList = { Path.Combine(Folder, script), xds.Address.Authority, target },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    /// <summary>Makes calls, and says how often each answer came.</summary>
    public async Task<Dictionary<string, int>> Call(int count)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _process.StandardInput.WriteLineAsync($"call {count}".AsMemory(), limit.Token);
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

    private static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mesh.Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests must run from below the repository.");
        }

        return Path.Combine(folder.FullName, "tests", "XdsClients");
    }

    private static bool InstallNodePackages() =>
        Directory.Exists(Path.Combine(Folder, "node_modules", "@grpc", "grpc-js-xds")) || Runs("npm", "ci --no-audit --no-fund");

    private static bool Runs(string program, string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
