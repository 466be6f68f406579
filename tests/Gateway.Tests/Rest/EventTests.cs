using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mesh.Gateway.Rest;
using Mesh.Gateway.Rest.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Gateway.Tests.Rest;

public sealed class EventTests
{
    [Fact]
    public async Task A_reader_hears_what_happens_and_may_come_back_where_it_left()
    {
        await using var server = await Start(new RestLimits());
        string last;
        await using (var reader = await EventReader.Open(server, "/v1/events"))
        {
            await Put(server, "greeter", "a");
            Assert.Equal(["ServiceAdded", "EndpointAdded"], [(await reader.Next()).Kind, (await reader.Next()).Kind]);
            await server.Post("/v1/services/default/greeter/endpoints/a/eject");
            var ejected = await NextChange(reader);
            Assert.Equal(("EndpointChanged", "Ejected"), (ejected.Kind, (string)ejected.Data["status"]!));
            Assert.Equal(("default/greeter", "a"), ((string)ejected.Data["service"]!, (string)ejected.Data["endpoint"]!));
            Assert.Equal(ejected.Id, ((long)ejected.Data["id"]!).ToString(System.Globalization.CultureInfo.InvariantCulture));
            last = ejected.Id;
        }

        await server.Post("/v1/services/default/greeter/endpoints/a/restore");
        await server.Delete("/v1/services/default/greeter/endpoints/a");
        await using var again = await EventReader.Open(server, "/v1/events", last);
        Assert.Equal(["EndpointChanged", "ServiceRemoved"], [(await NextChange(again)).Kind, (await NextChange(again)).Kind]);
    }

    /// <summary>Entries of the ledger come from elsewhere, in no order with what they are about.</summary>
    private static async Task<(string Id, string Kind, JsonNode Data)> NextChange(EventReader reader)
    {
        var seen = await reader.Next();
        while (seen.Kind == "Ledger")
        {
            seen = await reader.Next();
        }

        return seen;
    }

    [Fact]
    public async Task A_reader_of_one_service_hears_of_no_other()
    {
        await using var server = await Start(new RestLimits());
        await using var reader = await EventReader.Open(server, "/v1/events?service=default/second");
        await Put(server, "first", "a");
        await Put(server, "second", "a");
        Assert.Equal("default/second", (string)(await reader.Next()).Data["service"]!);
        (await server.Get("/v1/events?service=second")).Refusal(400);
    }

    [Fact]
    public async Task Who_was_away_for_too_long_is_told_to_read_the_lists_again()
    {
        await using var server = await Start(new RestLimits { EventsKept = 4 });
        await using var first = await EventReader.Open(server, "/v1/events");
        for (var i = 0; i < 6; i++)
        {
            await Put(server, "greeter", $"e{i}");
        }

        var last = await first.Next();
        await using var again = await EventReader.Open(server, "/v1/events", last.Kind == "Reset" ? "1" : last.Id);
        Assert.Equal("Reset", (await again.Next()).Kind);
        Assert.Equal("EndpointAdded", (await again.Next()).Kind);
    }

    [Fact]
    public async Task An_id_of_no_event_is_refused_and_one_of_another_life_is_a_reset()
    {
        await using var server = await Start(new RestLimits());
        Assert.Equal(["Last-Event-ID"], (await server.Send(HttpMethod.Get, "/v1/events", null, null, ("Last-Event-ID", "yesterday"))).Refusal(400));
        await using var reader = await EventReader.Open(server, "/v1/events", "9007199254740991");
        Assert.Equal("Reset", (await reader.Next()).Kind);
    }

    [Fact]
    public async Task Silence_is_broken_by_comments()
    {
        await using var server = await Start(new RestLimits { EventHeartbeat = TimeSpan.FromMilliseconds(20) });
        await using var reader = await EventReader.Open(server, "/v1/events");
        Assert.Equal(": connected", await reader.Line());
        Assert.Equal("", await reader.Line());
        Assert.Equal(": still here", await reader.Line());
    }

    [Fact]
    public async Task One_reader_more_than_allowed_is_refused_until_another_leaves()
    {
        await using var server = await Start(new RestLimits { EventReaders = 1 });
        await using (var reader = await EventReader.Open(server, "/v1/events"))
        {
            (await server.Get("/v1/events")).Refusal(503);
        }

        var readers = server.App.Services.GetRequiredService<EventReaders>();
        await Eventually.True(() =>
        {
            using var place = readers.Enter();
            return place is not null;
        });
    }

    [Fact]
    public async Task A_reader_that_never_reads_is_dropped_and_holds_up_nobody()
    {
        await using var server = await Start(new RestLimits { EventReaders = 1, EventsKept = 512, EventWriteTimeout = TimeSpan.FromMilliseconds(200) });
        using var stuck = new TcpClient();
        await stuck.ConnectAsync(server.Rest.Host, server.Rest.Port);
        await stuck.GetStream().WriteAsync("GET /v1/events HTTP/1.1\r\nHost: mesh\r\n\r\n"u8.ToArray());
        // It reads that it was let in, and no more.
        Assert.Equal("HTTP/1.1 200"u8.ToArray(), await Head(stuck.GetStream(), 12));
        var readers = server.App.Services.GetRequiredService<EventReaders>();
        Assert.True(IsFull(readers));
        var ring = server.App.Services.GetRequiredService<MeshEvents>().Ring;
        var detail = new string('x', 64 * 1024);
        await Eventually.True(() =>
        {
            ring.Add(id => new Api.MeshEvent(id, default, "Test", null, null, null, detail));
            return !IsFull(readers);
        });
    }

    private static async Task<byte[]> Head(Stream stream, int bytes)
    {
        var head = new byte[bytes];
        await stream.ReadExactlyAsync(head).AsTask().WaitAsync(Eventually.Limit);
        return head;
    }

    private static bool IsFull(EventReaders readers)
    {
        using var place = readers.Enter();
        return place is null;
    }

    [Fact]
    public void The_ring_forgets_the_oldest_and_says_so()
    {
        var ring = new EventRing(3, 100);
        for (var i = 0; i < 5; i++)
        {
            ring.Add(id => new Api.MeshEvent(id, default, "Test", null, null, null, ""));
        }

        Assert.Equal(104, ring.Newest);
        Assert.Equal(([102L, 103L, 104L], true), (ring.After(100, 10).Events.Select(e => e.Id).ToArray(), ring.After(100, 10).Missed), new IdsAndMissed());
        Assert.Equal(([102L, 103L], false), (ring.After(101, 2).Events.Select(e => e.Id).ToArray(), ring.After(101, 2).Missed), new IdsAndMissed());
        Assert.False(ring.After(104, 10).More.IsCompleted);
        var more = ring.After(104, 10).More;
        ring.Add(id => new Api.MeshEvent(id, default, "Test", null, null, null, ""));
        Assert.True(more.IsCompleted);
    }

    private static async Task<RestServer> Start(RestLimits limits)
    {
        var server = new RestServer(builder => builder.Services.AddSingleton(limits));
        await server.InitializeAsync();
        return server;
    }

    private static async Task Put(RestServer server, string service, string id) =>
        Assert.Equal(201, (await server.Put($"/v1/services/default/{service}/endpoints/{id}", """{"address":"10.0.0.1","port":80}""")).Status);

    private sealed class IdsAndMissed : IEqualityComparer<(long[] Ids, bool Missed)>
    {
        public bool Equals((long[] Ids, bool Missed) x, (long[] Ids, bool Missed) y) => x.Missed == y.Missed && x.Ids.SequenceEqual(y.Ids);

        public int GetHashCode((long[] Ids, bool Missed) obj) => obj.Ids.Length;
    }
}

/// <summary>Reads server-sent events, strictly.</summary>
internal sealed class EventReader(HttpResponseMessage response, StreamReader text) : IAsyncDisposable
{
    public static async Task<EventReader> Open(RestServer server, string path, string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (last is not null)
        {
            request.Headers.Add("Last-Event-ID", last);
        }

        var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    public async Task<string?> Line() => await text.ReadLineAsync().WaitAsync(Eventually.Limit);

    public async Task<(string Id, string Kind, JsonNode Data)> Next()
    {
        var (id, kind) = ("", "");
        while (await Line() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                kind = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (id, kind, JsonNode.Parse(line[6..])!);
            }
        }

        throw new EndOfStreamException();
    }

    public ValueTask DisposeAsync()
    {
        text.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}
