using System.Diagnostics;

namespace Mesh.Rpc.Tests.Support;

/// <summary>
/// Runs the scripts under node/, after `npm ci` if the lock file is newer than what is installed. Without Node.js the tests are skipped with the reason, but
/// under CI (the variable CI is "true") they fail: there, a test that does not run is a test that is gone.
/// </summary>
public static class Node
{
    private static readonly SemaphoreSlim Once = new(1);

    private static string Tests => Path.Combine(Root(), "tests", "Rpc.Tests");

    public static string Protos => Path.Combine(Tests, "Protos");

    private static string Scripts => Path.Combine(Tests, "node");

    public static async Task<Process> StartAsync(string script, params string[] arguments)
    {
        await InstallAsync();
        var node = Launch("node", [Path.Combine(Scripts, script), .. arguments]);
        if (node is null)
        {
            Miss("node is not installed.");
        }
        return node!;
    }

    private static async Task InstallAsync()
    {
        await Once.WaitAsync(Patience.Token);
        try
        {
            // npm's own note of what it has installed.
            var done = new FileInfo(Path.Combine(Scripts, "node_modules", ".package-lock.json"));
            if (done.Exists && done.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(Scripts, "package-lock.json")))
            {
                return;
            }
            using var npm = Launch("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            if (npm is null)
            {
                Miss("node and npm are not installed.");
                return;
            }
            var output = npm.StandardOutput.ReadToEndAsync();
            var errors = npm.StandardError.ReadToEndAsync();
            await npm.WaitForExitAsync(Patience.Token);
            if (npm.ExitCode != 0)
            {
                Miss($"npm ci failed in {Scripts}: {await errors}{await output}");
            }
        }
        finally
        {
            Once.Release();
        }
    }

    private static void Miss(string reason)
    {
        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"Not run against grpc-js: {reason}");
        Assert.Skip($"Not run against grpc-js: {reason}");
    }

    private static Process? Launch(string program, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Scripts,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mesh.Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }
        return folder.FullName;
    }
}
