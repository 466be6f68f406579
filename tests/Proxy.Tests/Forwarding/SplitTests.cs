using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Xunit;

namespace Mesh.Proxy.Tests.Forwarding;

/// <summary>A canary, with the whole proxy and chance from a seed.</summary>
public partial class SplitTests
{
    private const int Requests = 1000;

    [Fact]
    public async Task Requests_are_split_by_weight_and_a_changed_weight_holds_from_then_on()
    {
        await using var plane = await ControlPlane.Start();
        await using var stable = await Backend.Start("stable");
        await using var canary = await Backend.Start("canary");
        plane.Set("greeter", ControlPlane.Endpoint(stable));
        plane.Set("greeter-canary", ControlPlane.Endpoint(canary));
        plane.Split("greeter", ("greeter", 90), ("greeter-canary", 10));
        await using var proxy = await Start(plane);

        // Nine standard deviations would be 85: with this seed it is what it is, and no other seed would be far from it.
        Assert.InRange(await Canaries(proxy), 60, 140);
        Assert.Equal(Requests, stable.Hits + canary.Hits);
        await Eventually.True(async () => await Answered(proxy, "default/greeter-canary") == canary.Hits, "the canary's requests are counted");
        await Eventually.True(async () => await Answered(proxy, "default/greeter") == stable.Hits, "the others are counted");

        plane.Split("greeter", ("greeter", 0), ("greeter-canary", 1));
        await Eventually.True(async () => await proxy.Text("greeter") == "canary", "everything goes to the canary");
        Assert.Equal(Requests, await Canaries(proxy));

        plane.Split("greeter");
        await Eventually.True(async () => await proxy.Text("greeter") == "stable", "the split is gone");
        Assert.Equal(0, await Canaries(proxy));
    }

    [Fact]
    public async Task The_share_of_a_destination_that_does_not_exist_fails_at_once_and_the_rest_goes_on()
    {
        await using var plane = await ControlPlane.Start();
        await using var stable = await Backend.Start("stable");
        await using var canary = await Backend.Start("canary");
        plane.Set("greeter", ControlPlane.Endpoint(stable));
        plane.Split("greeter", ("greeter", 1), ("greeter-canary", 1));
        await using var proxy = await Start(plane);

        var answers = new HashSet<(HttpStatusCode Status, string Flag, string Text)>();
        for (var i = 0; i < 50; i++)
        {
            using var response = await proxy.Get("greeter");
            var flag = response.Headers.TryGetValues("x-mesh-response-flags", out var flags) ? flags.Single() : "";
            answers.Add((response.StatusCode, flag, await response.Content.ReadAsStringAsync()));
        }

        Assert.Equal(2, answers.Count);
        Assert.Contains((HttpStatusCode.OK, "", "stable"), answers);
        Assert.Contains(answers, a => (a.Status, a.Flag) == (HttpStatusCode.ServiceUnavailable, "UH") && a.Text.Contains("default/greeter-canary has no endpoints", StringComparison.Ordinal));
        Assert.Equal("ready\n", await proxy.Client.GetStringAsync(new Uri(proxy.Admin, "/ready")));

        plane.Set("greeter-canary", ControlPlane.Endpoint(canary));
        await Eventually.True(async () => await proxy.Text("greeter") == "canary", "the canary has come");
    }

    private static Task<RunningProxy> Start(ControlPlane plane) => RunningProxy.Start(plane, o => o with { Services = ["greeter"] }, random: new Random(1));

    private static async Task<int> Canaries(RunningProxy proxy)
    {
        var canaries = 0;
        for (var i = 0; i < Requests; i++)
        {
            var text = await proxy.Text("greeter");
            Assert.Contains(text, (string[])["stable", "canary"]);
            canaries += text == "canary" ? 1 : 0;
        }

        return canaries;
    }

    /// <summary>How many requests a cluster has answered, by the proxy's own statistics.</summary>
    private static async Task<int> Answered(RunningProxy proxy, string cluster)
    {
        var stats = await proxy.Client.GetStringAsync(new Uri(proxy.Admin, "/metrics"));
        return Lines().Matches(stats).Where(m => m.Value.Contains($"\"{cluster}\"", StringComparison.Ordinal)).Sum(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^mesh_proxy_requests_total\{.*\} (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Lines();
}
