using System.Diagnostics;
using System.Globalization;

namespace Mesh.EndToEnd.Tests.Processes;

/// <summary>Whatever ends the demo, nothing of it stays behind.</summary>
public class CleanUpTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_demo_that_is_stopped_takes_its_processes_and_its_data_along(string signal)
    {
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Mesh.Demo", "release", "mesh-demo"));
        using var demo = Process.Start(new ProcessStartInfo(program, ["--plain", "--rate", "50"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var said = "";
            while (!said.Contains("load:", StringComparison.Ordinal))
            {
                said = await demo.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromMinutes(2), Cancel)
                    ?? throw new InvalidOperationException($"the demo ended early: {await demo.StandardError.ReadToEndAsync(Cancel)}");
            }

            var children = ChildrenOf(demo.Id);
            // A control plane, three backends, two proxies.
            Assert.Equal(6, children.Count);
            var data = Path.GetDirectoryName(Argument(children, "--data"))!;
            Assert.True(Directory.Exists(data));

            using var kill = Process.Start("kill", [$"-{signal}", demo.Id.ToString(CultureInfo.InvariantCulture)])!;
            await demo.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromMinutes(1), Cancel);

            Assert.Equal(130, demo.ExitCode);
            Assert.DoesNotContain(children, child => Directory.Exists($"/proc/{child}"));
            Assert.False(Directory.Exists(data));
        }
        finally
        {
            demo.Kill(entireProcessTree: true);
        }
    }

    private static List<int> ChildrenOf(int parent) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out _))
            .Where(name => ParentOf(name!) == parent)
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    private static int ParentOf(string pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(each => each.StartsWith("PPid:", StringComparison.Ordinal));
            return line is null ? 0 : int.Parse(line["PPid:".Length..], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string Argument(List<int> processes, string name)
    {
        var arguments = processes.Select(pid => File.ReadAllText($"/proc/{pid}/cmdline").Split('\0')).First(each => each.Contains(name));
        return arguments[Array.IndexOf(arguments, name) + 1];
    }
}
