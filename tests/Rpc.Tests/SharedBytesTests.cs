using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Rpc.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace Mesh.Rpc.Tests;

/// <summary>
/// One message, encoded once, sent to many streams: through the API that both editions have, a method of one's own whose
/// marshaller writes bytes that exist already. On the wire it is an ordinary message.
/// </summary>
public sealed class SharedBytesTests
{
    private const int Streams = 50;

    private static CancellationToken Limit => Patience.Token;

    [Fact]
    public async Task One_array_serves_many_streams_without_being_encoded_again()
    {
        await using var server = await TestServer.StartAsync(map: app => app.MapGrpcService<BoardService>());
        Board.Reset(new Reply { Text = "the news", Payload = ByteString.CopyFrom(new byte[100_000]), Count = 7 });
        // Generated code on the other side: it cannot tell.
        var method = new Method<Request, Reply>(
            MethodType.ServerStreaming,
            Board.Watch.ServiceName,
            Board.Watch.Name,
            Board.Watch.RequestMarshaller,
            Marshallers.Create((_, _) => throw new NotSupportedException(), context => Reply.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));
        var invoker = server.Channel().CreateCallInvoker();
        await Task.WhenAll(Enumerable.Range(0, Streams).Select(async _ =>
        {
            using var call = invoker.AsyncServerStreamingCall(method, null, new CallOptions(cancellationToken: Limit), new Request());
            var received = 0;
            await foreach (var reply in call.ResponseStream.ReadAllAsync(Limit))
            {
                Assert.Equal(("the news", 100_000, 7), (reply.Text, reply.Payload.Length, reply.Count));
                received++;
            }
            Assert.Equal(2, received);
        }));
        Assert.Equal(2 * Streams, Board.Writes);
        Assert.Equal(1, Board.Encodings);
    }

    [Fact]
    public async Task A_client_may_keep_the_bytes_and_decode_nothing()
    {
        await using var server = await TestServer.StartAsync(map: app => app.MapGrpcService<BoardService>());
        var news = new Reply { Text = "raw" };
        Board.Reset(news);
        using var call = server.Channel().CreateCallInvoker()
            .AsyncServerStreamingCall(Board.Watch, null, new CallOptions(cancellationToken: Limit), new Request());
        Assert.True(await call.ResponseStream.MoveNext(Limit));
        Assert.Equal(news.ToByteArray(), call.ResponseStream.Current.Bytes.ToArray());
    }
}

/// <summary>Bytes of a message, shared by all who send it.</summary>
public sealed record Encoded(ReadOnlyMemory<byte> Bytes);

/// <summary>What the generator would write for a service, written by hand for a response that is bytes.</summary>
public static class Board
{
    public static readonly Method<Request, Encoded> Watch = new(
        MethodType.ServerStreaming,
        "mesh.rpc.test.Board",
        "Watch",
        Marshallers.Create(message => message.ToByteArray(), Request.Parser.ParseFrom),
        Marshallers.Create(Write, context => new Encoded(context.PayloadAsNewBuffer())));

    private static int writes;

    public static Encoded News { get; private set; } = new(default);

    public static int Encodings { get; private set; }

    public static int Writes => writes;

    public static void Reset(Reply news)
    {
        News = new(news.ToByteArray());
        Encodings = 1;
        writes = 0;
    }

    public static void BindService(ServiceBinderBase binder, BoardBase? service) =>
        binder.AddMethod(Watch, service is null ? null : new ServerStreamingServerMethod<Request, Encoded>(service.Watch));

    private static void Write(Encoded message, SerializationContext context)
    {
        // Were this a copy made per stream, it would be another array.
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(message.Bytes, out var mine));
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(News.Bytes, out var shared));
        Assert.Same(shared.Array, mine.Array);
        Interlocked.Increment(ref writes);
        context.SetPayloadLength(message.Bytes.Length);
        var output = context.GetBufferWriter();
        // In pieces, as envelopes around shared resources are.
        output.Write(message.Bytes.Span[..(message.Bytes.Length / 2)]);
        output.Write(message.Bytes.Span[(message.Bytes.Length / 2)..]);
        context.Complete();
    }
}

[BindServiceMethod(typeof(Board), nameof(Board.BindService))]
public abstract class BoardBase
{
    public virtual Task Watch(Request request, IServerStreamWriter<Encoded> responseStream, ServerCallContext context) =>
        throw new RpcException(new Status(StatusCode.Unimplemented, ""));
}

public sealed class BoardService : BoardBase
{
    public override async Task Watch(Request request, IServerStreamWriter<Encoded> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(Board.News);
        await responseStream.WriteAsync(Board.News);
    }
}
