using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Mesh.Cli.Tests;

public class EndpointTests : MeshctlTest
{
    private const string Path = "/v1/services/default/greeter/endpoints/a";

    [Fact]
    public async Task Register_sends_what_the_options_say()
    {
        Server.On($"PUT {Path}", Samples.EndpointA, 201);

        var ran = await Run(
            "register", "greeter", "a", "--address", "10.0.0.1:8080", "--lease", "30s", "--weight", "3", "-l", "app=greeter", "-l", "note=a=b",
            "--locality", "eu/eu-1", "--instance-id", "i-1");

        Assert.Equal((0, "endpoint default/greeter a registered at 10.0.0.1:8080, lease 30s"), (ran.ExitCode, ran.Text));
        var expected = JsonNode.Parse("""
            {"address":"10.0.0.1","port":8080,"weight":3,"instanceId":"i-1","lease":"30s",
             "locality":{"region":"eu","zone":"eu-1","subZone":""},"labels":{"app":"greeter","note":"a=b"}}
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(Assert.Single(Server.Requests).Body)));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1:0")]
    [InlineData("10.0.0.1:99999")]
    [InlineData("localhost:80")]
    [InlineData("fd00::1:8080")]
    [InlineData(":8080")]
    public async Task An_address_that_is_not_one_is_refused_before_anything_is_sent(string address)
    {
        var ran = await Run("register", "greeter", "a", "--address", address);

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains($"--address '{address}' is not an IP address with a port.", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Theory]
    [InlineData("--label", "novalue")]
    [InlineData("--lease", "soon")]
    [InlineData("--locality", "a/b/c/d")]
    public async Task Options_that_make_no_sense_are_usage_errors(string option, string value)
    {
        var ran = await Run("register", "greeter", "a", "--address", "[fd00::1]:80", option, value);

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains($"{option} '{value}'", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keep_alive_renews_the_lease_registers_again_when_forgotten_and_deregisters_at_the_end()
    {
        using var stop = new CancellationTokenSource();
        var renewals = 0;
        Server.On($"PUT {Path}", Samples.EndpointA, 201)
            .On($"DELETE {Path}", "", 204)
            .On($"POST {Path}/heartbeat", async context =>
            {
                // The second renewal meets a control plane that has forgotten; the fourth ends the test.
                context.Response.StatusCode = ++renewals == 2 ? 404 : 200;
                await context.Response.WriteAsync("{}");
                if (renewals == 4)
                {
                    await stop.CancelAsync();
                }
            });

        var ran = await Run(new Setup(Cancel: stop.Token), "register", "greeter", "a", "--address", "10.0.0.1:8080", "--lease", "30ms", "--keep-alive");

        Assert.Equal(0, ran.ExitCode);
        Assert.EndsWith("endpoint default/greeter a deregistered", ran.Text, StringComparison.Ordinal);
        Assert.Contains("no longer knows endpoint default/greeter a; registering it again.", ran.Error, StringComparison.Ordinal);
        var puts = Server.Requests.Where(request => request.Method == "PUT").Select(request => JsonNode.Parse(request.Body)!["instanceId"]!.ToString()).ToList();
        Assert.Equal(2, puts.Count);
        Assert.Single(puts.Distinct());
        var heartbeat = Server.Requests.First(request => request.Target.EndsWith("/heartbeat", StringComparison.Ordinal));
        Assert.Equal(puts[0], JsonNode.Parse(heartbeat.Body)!["instanceId"]!.ToString());
        Assert.EndsWith($"?instanceId={puts[0]}", Server.Requests.Single(request => request.Method == "DELETE").Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eject_says_until_when_and_why()
    {
        Server.On("POST /v1/services/default/greeter/endpoints/b/eject", Samples.EndpointB.Replace("5 consecutive 5xx", "by hand: disk", StringComparison.Ordinal));

        var ran = await Run("eject", "greeter", "b", "--for", "2s", "--reason", "disk");

        Assert.Equal((0, "endpoint default/greeter b is Ejected for 2s (by hand: disk)"), (ran.ExitCode, ran.Text));
        Assert.Equal("""{"duration":"2s","reason":"disk"}""", Assert.Single(Server.Requests).Body);
    }

    [Theory]
    [InlineData("restore")]
    [InlineData("drain")]
    public async Task Restore_and_drain_post_to_the_endpoint(string verb)
    {
        Server.On($"POST {Path}/{verb}", Samples.EndpointA);

        var ran = await Run(verb, "greeter", "a");

        Assert.Equal((0, "endpoint default/greeter a is Healthy"), (ran.ExitCode, ran.Text));
    }

    [Fact]
    public async Task Delete_deregisters()
    {
        Server.On($"DELETE {Path}", "", 204);

        Assert.Equal("endpoint default/greeter a deleted", (await Run("delete", "endpoint", "greeter", "a")).Text);
    }
}
