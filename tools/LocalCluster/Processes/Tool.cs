using System.Diagnostics;

namespace Mesh.Local.Processes;

/// <summary>Runs a program to its end.</summary>
public static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <returns>What it printed.</returns>
    /// <exception cref="LocalClusterException">It is missing, failed, or took two minutes.</exception>
    public static Task<string> Run(string program, params string[] arguments) => Run(Launch.Default, program, arguments);

    /// <inheritdoc cref="Run(string, string[])"/>
    public static async Task<string> Run(Launch launch, string program, params string[] arguments)
    {
        var (code, output) = await Try(launch, program, arguments);
        return code == 0 ? output : throw new LocalClusterException($"{Path.GetFileName(program)} {arguments.FirstOrDefault()} failed: {output.Trim()}");
    }

    /// <returns>How it ended, and what it printed on both outputs.</returns>
    public static async Task<(int Code, string Output)> Try(Launch launch, string program, params string[] arguments)
    {
        var path = program.Contains('/', StringComparison.Ordinal) ? program : Machine.Find(program) ?? throw new LocalClusterException($"{program} is not installed.");
        var (first, rest) = launch.Wrap(path, arguments);
        var start = new ProcessStartInfo(first, rest) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        using var process = new Process { StartInfo = start };
        Launcher.Start(process);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, string.Concat(texts));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new LocalClusterException($"{program} did not end within {Limit.TotalMinutes:0} minutes.");
        }
    }
}
