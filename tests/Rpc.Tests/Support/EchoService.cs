using Google.Protobuf;
using Grpc.Core;

namespace Mesh.Rpc.Tests.Support;

/// <summary>Does what its requests say, and records what it saw of each call's end.</summary>
public class EchoService(Observations seen) : Echo.EchoBase
{
    public override async Task<Reply> Unary(Request request, ServerCallContext context)
    {
        seen.Contexts.Add(new(context.Method, context.Host, context.Peer, context.Deadline));
        await ReplyHeadersAsync(context);
        await MisbehaveAsync(request, context);
        return Answer(request, 1);
    }

    public override async Task Download(Request request, IServerStreamWriter<Reply> responseStream, ServerCallContext context)
    {
        await ReplyHeadersAsync(context);
        var reply = Answer(request, 0);
        try
        {
            for (var i = 1; i <= request.Count; i++)
            {
                reply.Count = i;
                await responseStream.WriteAsync(reply);
                seen.Written(i);
            }
            await MisbehaveAsync(request, context);
        }
        catch (Exception error) when (error is OperationCanceledException or InvalidOperationException or IOException)
        {
            seen.Cancelled.TrySetResult();
            throw;
        }
    }

    public override async Task<Reply> Upload(IAsyncStreamReader<Request> requestStream, ServerCallContext context)
    {
        var reply = new Reply();
        await foreach (var request in requestStream.ReadAllAsync())
        {
            reply.Count++;
            reply.Text += request.Text;
            await MisbehaveAsync(request, context);
        }
        return reply;
    }

    public override async Task Chat(IAsyncStreamReader<Request> requestStream, IServerStreamWriter<Reply> responseStream, ServerCallContext context)
    {
        await ReplyHeadersAsync(context);
        var count = 0;
        try
        {
            await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
            {
                await MisbehaveAsync(request, context);
                await responseStream.WriteAsync(Answer(request, ++count), context.CancellationToken);
            }
        }
        catch (Exception error) when (error is not RpcException)
        {
            seen.Cancelled.TrySetResult();
            throw;
        }
    }

    private static Reply Answer(Request request, int count) => new()
    {
        Text = request.Text,
        Count = count,
        Payload = request.ReplySize > 0 ? ByteString.CopyFrom(new byte[request.ReplySize]) : request.Payload,
    };

    /// <summary>Sends headers that begin with "x-" back, in the headers and in the trailers.</summary>
    private static async Task ReplyHeadersAsync(ServerCallContext context)
    {
        var echoed = new Metadata();
        foreach (var header in context.RequestHeaders.Where(header => header.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            echoed.Add(header);
            context.ResponseTrailers.Add(header);
        }
        if (echoed.Count > 0)
        {
            await context.WriteResponseHeadersAsync(echoed);
        }
    }

    private async Task MisbehaveAsync(Request request, ServerCallContext context)
    {
        if (request.FailCode != 0)
        {
            throw new RpcException(new Status((StatusCode)request.FailCode, request.FailDetail));
        }
        if (request.Explode.Length > 0)
        {
            throw new FormatException(request.Explode);
        }
        if (request.Hang)
        {
            var gone = new TaskCompletionSource();
            await using var registration = context.CancellationToken.Register(gone.SetResult);
            seen.Hanging.TrySetResult();
            await gone.Task;
            seen.Cancelled.TrySetResult();
            context.CancellationToken.ThrowIfCancellationRequested();
        }
    }
}
