using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Mesh.EndToEnd.Tests.Processes;

/// <summary>The demo itself, as a person or a script runs it.</summary>
public class DemoTests
{
    [Fact]
    public async Task The_demo_tells_its_story_in_lines_and_its_verdict_in_json()
    {
        var ran = await Run("--fast", "--plain", "--json", "--rate", "100", "--repeat", "1");

        var verdict = JsonNode.Parse(ran.Out) ?? throw new InvalidOperationException(ran.Error);
        var promises = verdict["promises"]!.AsArray().Select(promise => promise!).ToList();
        Assert.All(promises, promise => Assert.True(promise["value"] is not null, promise.ToJsonString()));
        // Times and memory depend on who else uses the machine; losses do not.
        Assert.All(
            promises.Where(promise => promise["unit"]!.ToString() is not ("ms" or "MB")),
            promise => Assert.True(promise["kept"]!.GetValue<bool>(), $"{promise.ToJsonString()}\n{ran.Error}"));
        Assert.Equal(verdict["kept"]!.GetValue<bool>() ? 0 : 1, ran.ExitCode);
        Assert.Contains("no proxy sends to b any more", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ran.Error);
    }

    [Theory]
    [InlineData("--rate", "0", "--rate goes from 1 to 5000.")]
    [InlineData("--kills", "x", "x")]
    [InlineData("--nope", "1", "--nope")]
    public async Task A_wrong_option_is_refused_before_anything_starts(string option, string value, string message)
    {
        var ran = await Run(option, value);

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(message, ran.Error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Out, string Error)> Run(params string[] args)
    {
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Mesh.Demo", "release", "mesh-demo"));
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
