using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Streams;

/// <summary>How a client's stream is served, whatever it carries: until one of the two ends goes, with words for why it ends and never an exception's own.</summary>
internal static class StreamCall
{
    /// <summary>Serves a stream. Throws what the client is to be told.</summary>
    /// <param name="context">The call.</param>
    /// <param name="lifetime">Ours.</param>
    /// <param name="options">What a message may take.</param>
    /// <param name="message">What the client's messages are called.</param>
    /// <param name="serve">Serves it; called off when the client or we go.</param>
    /// <param name="ended">Called in the end with the reason, for people.</param>
    public static async Task Serve(
        ServerCallContext context, IHostApplicationLifetime lifetime, StreamOptions options, string message, Func<CancellationToken, Task> serve, Action<string> ended)
    {
        var why = "The client closed the stream.";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await serve(ending.Token);
        }
        catch (RpcException tooLong) when (Peers.IsTooLong(tooLong))
        {
            why = "It sent a message beyond the limit.";
            throw Peers.TooLong(options);
        }
        catch (RpcException refused)
        {
            why = refused.Status.Detail;
            throw;
        }
        catch (InvalidProtocolBufferException)
        {
            why = $"It sent what is no {message}.";
            throw Peers.Unreadable(message);
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            why = "The client went away.";
        }
        catch (Exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            why = "The gateway is stopping.";
            throw new RpcException(new Status(StatusCode.Unavailable, why));
        }
        finally
        {
            ended(why);
        }
    }
}
