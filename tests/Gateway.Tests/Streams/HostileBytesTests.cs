using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>Clients that do not even keep to the protocol's letters.</summary>
public sealed class HostileBytesTests : IDisposable
{
    private const string Discovery = "envoy.service.discovery.v3.AggregatedDiscoveryService";
    private readonly Measured _measured = new();

    public static TheoryData<string, byte[]> Connections => new()
    {
        { "no HTTP/2", "GET / HTTP/1.1\r\nHost: mesh\r\n\r\n"u8.ToArray() },
        { "noise", Noise(1, 4000) },
        { "a frame longer than any may be", [.. Preface, .. Frame(0, 0, 1, new byte[20_000])] },
        { "data of a stream that was never opened", [.. Preface, .. Frame(0, 0, 7, new byte[10])] },
        { "headers of no stream", [.. Preface, .. Frame(1, 4, 0, [0x82])] },
        { "headers that cannot be unpacked", [.. Preface, .. Frame(1, 4, 1, Noise(2, 200))] },
        { "headers that are continued by something else", [.. Preface, .. Frame(1, 0, 1, [0x82]), .. Frame(0, 0, 1, [1])] },
        { "headers that never end", [.. Preface, .. Frame(1, 0, 1, [0x82]), .. Repeat(100, Frame(9, 0, 1, [0x40, 0x7f, .. new byte[1000]]))] },
        { "a window that overflows", [.. Preface, .. Repeat(3, Frame(8, 0, 0, [0x7f, 0xff, 0xff, 0xff]))] },
        { "settings that make no sense", [.. Preface, .. Frame(4, 0, 0, [0, 5, 0, 0, 0, 1])] },
        { "noise after a good beginning", [.. Preface, .. Noise(3, 4000)] },
    };

    private static byte[] Preface => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, 0, [])];

    public void Dispose() => _measured.Dispose();

    [Theory]
    [MemberData(nameof(Connections))]
    public async Task A_connection_that_speaks_no_HTTP_2_is_closed_and_counted(string what, byte[] bytes)
    {
        Assert.NotEmpty(what);
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(AdsVariant.StateOfTheWorld, host);
        var before = Broken();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        try
        {
            await socket.GetStream().WriteAsync(bytes);
            var sink = new byte[4096];
            while (await socket.GetStream().ReadAsync(sink).AsTask().WaitAsync(Eventually.Limit) > 0)
            {
            }
        }
        catch (IOException)
        {
            // It was closed before all was said.
        }

        await good.IsServed();
        await Eventually.True(() => Broken() > before, $"kestrel_connection_duration_seconds counts no connection that went wrong: {string.Join(", ", _measured.Tags("kestrel.connection.duration"))}");

        long Broken() => _measured.Sum("kestrel.connection.duration") - _measured.Sum("kestrel.connection.duration", "");
    }

    [Theory]
    [InlineData(Discovery, "StreamAggregatedResources")]
    [InlineData(Discovery, "DeltaAggregatedResources")]
    [InlineData("envoy.service.load_stats.v3.LoadReportingService", "StreamLoadStats")]
    public async Task Noise_instead_of_a_message_ends_its_stream_alone(string service, string method)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(AdsVariant.Delta, host);
        var before = _measured.Sum("mesh.streams.closed", "unreadable");
        var raw = Marshallers.Create<byte[]>(static bytes => bytes, static bytes => bytes);
        var invoker = host.Channel.CreateCallInvoker();
        for (var seed = 0; seed < 30; seed++)
        {
            using var call = invoker.AsyncDuplexStreamingCall(new Method<byte[], byte[]>(MethodType.DuplexStreaming, service, method, raw, raw), null, default);
            using var limit = new CancellationTokenSource(Eventually.Limit);
            var end = await Assert.ThrowsAnyAsync<RpcException>(async () =>
            {
                // What begins with a field of number 0 is no message, whatever follows.
                await call.RequestStream.WriteAsync([.. Noise(seed, seed * 10), 0, .. Noise(seed, 100)], limit.Token);
                await call.ResponseStream.MoveNext(limit.Token);
                await call.ResponseStream.MoveNext(limit.Token);
            });
            Assert.Equal(StatusCode.InvalidArgument, end.StatusCode);
        }

        Assert.True(_measured.Sum("mesh.streams.closed", "unreadable") >= before + 30);
        await good.IsServed();
        Assert.Equal(1, host.Proxies.Count);
    }

    [Theory]
    [InlineData("StreamAggregatedResources")]
    [InlineData("DeltaAggregatedResources")]
    public async Task Headers_without_end_are_refused(string method)
    {
        await using var host = await StreamHost.Start();
        using var good = await GoodClient.Connect(AdsVariant.StateOfTheWorld, host);
        using var http = new HttpClient { BaseAddress = host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{Discovery}/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([]),
        };
        request.Headers.TryAddWithoutValidation("x-long", Enumerable.Repeat(new string('x', 8000), 100));
        try
        {
            using var response = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // It was closed before all was said.
        }

        await good.IsServed();
        Assert.Equal(1, host.Proxies.Count);
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    private static byte[] Repeat(int times, byte[] bytes) => [.. Enumerable.Repeat(bytes, times).SelectMany(static b => b)];

    private static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
