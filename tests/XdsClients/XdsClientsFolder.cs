using System.Diagnostics;

namespace Mesh.XdsClients;

/// <summary>tests/XdsClients: gRPC libraries that were not written here, and the official .proto files that come with one of them.</summary>
internal static class XdsClientsFolder
{
    private static readonly Lazy<bool> Installed = new(Install);

    public static string FullPath { get; } = Find();

    /// <summary>Installs the packages of package-lock.json; where that cannot be done the test is skipped, but in CI it fails.</summary>
    public static void RequireNodePackages() => Require(Installed.Value, "node and npm, with a registry that has @grpc/grpc-js-xds");

    /// <summary>Skips the test where something is missing; in CI it fails.</summary>
    public static void Require(bool there, string what)
    {
        if (!there && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"CI must have {what}.");
        }

        Assert.SkipUnless(there, $"This needs {what}.");
    }

    /// <summary>Runs a program there; false when it is not installed or fails.</summary>
    public static bool Runs(string program, params IEnumerable<string> arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = FullPath,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
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

    private static bool Install()
    {
        // Several test programs may run at a time: one installs, the others wait for it.
        using var turn = new Mutex(false, @"Global\mesh-xds-clients");
        turn.WaitOne();
        try
        {
            return Directory.Exists(Path.Combine(FullPath, "node_modules", "@grpc", "grpc-js-xds")) || Runs("npm", "ci", "--no-audit", "--no-fund");
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mesh.Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests must run from below the repository.");
        }

        return Path.Combine(folder.FullName, "tests", "XdsClients");
    }
}
