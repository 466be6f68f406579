using Microsoft.AspNetCore.Http;

namespace Mesh.Cli.Tests;

public class WatchTests : MeshctlTest
{
    private const string Ejected = """
        id: 7
        event: EndpointChanged
        data: {"id":7,"at":"2026-03-01T12:00:00.125Z","kind":"EndpointChanged","service":"default/greeter",
        data: "endpoint":"b","status":"Ejected","detail":"5 consecutive 5xx"}


        """;

    private const string Connected = """
        : keep-alive

        id: 8
        event: ProxyConnected
        data: {"id":8,"at":"2026-03-01T12:00:01Z","kind":"ProxyConnected","service":null,"endpoint":null,"status":null,"detail":"p1 connected"}


        """;

    [Fact]
    public async Task Events_are_one_line_each()
    {
        Server.On("GET /v1/events?service=default%2Fgreeter", context => context.Response.WriteAsync(Ejected + Connected));

        var ran = await Run("watch", "greeter", "--count", "2");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(
            """
            12:00:00.125  EndpointChanged    default/greeter b  Ejected   5 consecutive 5xx
            12:00:01.000  ProxyConnected       p1 connected
            """,
            ran.Text);
    }

    [Fact]
    public async Task Entries_of_the_ledgers_are_shown_to_whoever_asks_for_them()
    {
        const string Entry = """
            id: 6
            event: Ledger
            data: {"id":6,"at":"2026-03-01T12:00:00Z","kind":"Ledger","service":"default/greeter","endpoint":"b","detail":"b: Ejected, 5 consecutive 5xx; 5 suffice"}


            """;
        Server.On("GET /v1/events", context => context.Response.WriteAsync(Entry + Ejected));

        Assert.Equal(
            "12:00:00.125  EndpointChanged    default/greeter b  Ejected   5 consecutive 5xx", (await Run("watch", "--count", "1")).Text);
        Assert.Equal(
            "12:00:00.000  Ledger             default/greeter b  b: Ejected, 5 consecutive 5xx; 5 suffice",
            (await Run("watch", "--ledger", "--count", "1")).Text);
    }

    [Fact]
    public async Task As_json_each_event_is_one_object_on_one_line()
    {
        Server.On("GET /v1/events", context => context.Response.WriteAsync(Ejected));

        var ran = await Run("watch", "-o", "json", "-c", "1");

        Assert.Equal(
            """{"id":7,"at":"2026-03-01T12:00:00.125Z","kind":"EndpointChanged","service":"default/greeter","endpoint":"b","status":"Ejected","detail":"5 consecutive 5xx"}""",
            ran.Text);
    }

    [Fact]
    public async Task A_stream_that_ends_is_resumed_after_the_last_event()
    {
        Server.On("GET /v1/events", context => context.Response.WriteAsync(context.Request.Headers["Last-Event-ID"] == "7" ? Connected : Ejected));

        var ran = await Run("watch", "--count", "2", "-o", "json");

        Assert.Equal(2, ran.Text.Split('\n').Length);
        Assert.Equal([null, "7"], Server.Requests.Select(request => request.LastEventId));
        Assert.Equal("meshctl: the event stream ended; trying to resume.\nmeshctl: the control plane is back.\n", ran.Error);
    }
}
