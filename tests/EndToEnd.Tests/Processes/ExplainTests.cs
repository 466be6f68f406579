using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Demo.Story;

namespace Mesh.EndToEnd.Tests.Processes;

/// <summary>Why did it happen, and what if? Asked of the shipped programs by the shipped command line, before and after a kill -9.</summary>
public class ExplainTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_ejection_is_explained_with_figures_that_add_up_and_can_be_tried_again_after_a_kill()
    {
        await using var house = new House(keep: false);
        await using var cast = new Cast(house, new DemoOptions { Rate = 100 });
        await cast.StartAll(Cancel);
        cast.StartLoad();
        await cast.Backends[1].Fail(Cancel);
        var server = cast.ControlPlane.Rest.ToString();

        var ejected = await Until(async () => Ejections(await Meshctl.Run(server, "explain", "greeter", "b", "-o", "json")).LastOrDefault());
        AddsUp(ejected);
        Assert.Equal("DestinationRule/default/greeter@1", (string)ejected["policy"]!);
        Assert.Equal((3, 0), ((int)ejected["budget"]!["hosts"]!, (int)ejected["budget"]!["ejected"]!));
        var told = await Meshctl.Run(server, "explain", "greeter", "b");
        Assert.Contains("which is all of them", told, StringComparison.Ordinal);
        Assert.DoesNotContain("NOT", told, StringComparison.Ordinal);

        // What was seen is brought to the disk within half a minute or so.
        await Until(async () => (long)(await Replay(house, server, "consecutive5xxErrors: 5"))["failures"]! > 0 ? told : null);
        cast.ControlPlane.Kill();
        await cast.ControlPlane.Start(Cancel);

        var after = Ejections(await Meshctl.Run(server, "explain", "greeter", "b", "-o", "json"));
        Assert.All(after, AddsUp);
        Assert.Contains(after, entry => (long)entry["number"]! == (long)ejected["number"]! && (string)entry["at"]! == (string)ejected["at"]!);

        var present = await Replay(house, server, "consecutive5xxErrors: 5");
        Assert.Contains(present["candidate"]!["endpoints"]!.AsArray(), static endpoint => (string)endpoint!["id"]! == "b" && endpoint["ejections"]!.AsArray().Count > 0);
        Assert.True((int)present["inForce"]!["ejections"]! > 0, present.ToJsonString());
        var lax = await Replay(house, server, "consecutive5xxErrors: 0, enforcingSuccessRate: 0, enforcingSequential: 0, enforcingFailurePercentage: 0");
        Assert.Equal(0, (int)lax["candidate"]!["ejections"]!);
    }

    private static void AddsUp(JsonNode ejected)
    {
        var evidence = ejected["evidence"]!;
        var sources = evidence["sources"]!.AsArray();
        Assert.NotEmpty(sources);
        Assert.All(sources, static source => Assert.StartsWith("proxy-", (string)source!["proxy"]!, StringComparison.Ordinal));
        Assert.Equal((long)evidence["count"]!, sources.Sum(static source => (long)source!["count"]!));
        Assert.True((long)evidence["count"]! >= (long)evidence["threshold"]!);
    }

    private static List<JsonNode> Ejections(string explanation) =>
        [.. JsonNode.Parse(explanation)!["endpoints"]!.AsArray().SelectMany(static endpoint => endpoint!["ejections"]!.AsArray()).Select(static ejection => ejection!["ejected"]!)];

    private static async Task<JsonNode> Replay(House house, string server, string outliers)
    {
        var file = Path.Combine(house.Directory, "candidate.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata:
              name: greeter
            spec:
              host: greeter
              trafficPolicy:
                outlierDetection: { interval: 1s, baseEjectionTime: 2s, maxEjectionPercent: 50, {{outliers}} }
            """, Cancel);
        return JsonNode.Parse(await Meshctl.Run(server, "replay", "-f", file, "--since", "10m", "-o", "json"))!;
    }

    private static async Task<T> Until<T>(Func<Task<T?>> find)
        where T : class
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await find() is { } found)
            {
                return found;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Meshctl.Limit, string.Create(CultureInfo.InvariantCulture, $"It did not happen within {Meshctl.Limit.TotalSeconds} s."));
            await Task.Delay(200, Cancel);
        }
    }
}
