using System.Diagnostics;

namespace Mesh.EndToEnd.Tests.Processes;

/// <summary>The shipped command line.</summary>
internal static class Meshctl
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs it against that server; what it says, once it has ended well.</summary>
    public static async Task<string> Run(string server, params string[] args)
    {
        var cancel = TestContext.Current.CancellationToken;
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Mesh.Cli", "release", "meshctl"));
        var start = new ProcessStartInfo(program, [.. args, "--server", server]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel).WaitAsync(Limit, cancel);
        Assert.True(process.ExitCode == 0, $"meshctl {string.Join(' ', args)} ended with {process.ExitCode}: {await error}");
        return await output;
    }
}
