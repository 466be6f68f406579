using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Mesh.Cli.Tests;

/// <summary>A list of servers: the next is asked when one does not answer.</summary>
public class OtherServersTests : MeshctlTest
{
    [Fact]
    public async Task Who_cannot_be_reached_is_passed_over()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Server.On("GET /v1/services", """{"items":[]}""");

        var ran = await Run(new Setup(Server: $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndPoint!).Port}, {Server.Url}"), "get", "services");

        Assert.Equal(0, ran.ExitCode);
        Assert.Single(Server.Requests);
    }

    [Fact]
    public async Task A_command_that_could_not_be_answered_is_repeated_elsewhere_as_the_same_command()
    {
        var ids = new List<string>();
        await using var busy = await FakeServer.Start();
        busy.On("DELETE /v1/services/default/a/endpoints/b", context => Answer(context, ids, 503));
        Server.On("DELETE /v1/services/default/a/endpoints/b", context => Answer(context, ids, 204));

        var ran = await Run(new Setup(Server: $"{busy.Url},{Server.Url}"), "delete", "endpoint", "a", "b");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.Equal(2, ids.Count);
        Assert.NotEqual("", ids[0]);
        Assert.Equal(ids[0], ids[1]);
    }

    [Fact]
    public async Task When_none_answers_the_last_ones_word_is_told()
    {
        await using var busy = await FakeServer.Start();
        busy.On("GET /v1/services", """{"title":"Busy.","problems":[]}""", 503);
        Server.On("GET /v1/services", """{"title":"Busy, too.","problems":[]}""", 503);

        var ran = await Run(new Setup(Server: $"{busy.Url},{Server.Url}"), "get", "services");

        Assert.Equal(1, ran.ExitCode);
        Assert.StartsWith("meshctl: Busy, too.", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_with_and_without_tls_do_not_go_together()
    {
        var ran = await Run(new Setup(Server: "http://a,https://b"), "get", "services");

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("mixes http:// and https://", ran.Error, StringComparison.Ordinal);
    }

    private static Task Answer(HttpContext context, List<string> ids, int status)
    {
        ids.Add(context.Request.Headers["Idempotency-Key"].ToString());
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
