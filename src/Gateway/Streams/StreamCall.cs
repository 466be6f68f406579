using Google.Protobuf;
using Grpc.Core;
using Mesh.Gateway.Drain;

namespace Mesh.Gateway.Streams;

/// <summary>How a client's stream is served, whatever it carries: until one of the two ends goes, with words for why it ends and never an exception's own.</summary>
internal static class StreamCall
{
    /// <summary>Serves a stream. Throws what the client is to be told.</summary>
    /// <param name="context">The call.</param>
    /// <param name="kind">What is served.</param>
    /// <param name="gate">Where it enters, and is told when this gateway leaves.</param>
    /// <param name="options">What a message may take.</param>
    /// <param name="message">What the client's messages are called.</param>
    /// <param name="serve">
    /// Serves it; called off when the client goes, or when it did not end in time. When the seat says so it has to end in order: finish what it is writing, then throw.
    /// </param>
    /// <param name="ended">Called in the end with the reason, for people.</param>
    public static async Task Serve(
        ServerCallContext context,
        StreamKind kind,
        DrainGate gate,
        StreamOptions options,
        string message,
        Func<DrainSeat, CancellationToken, Task> serve,
        Action<string> ended)
    {
        var why = "The client closed the stream.";
        using var seat = gate.Enter(kind, context.GetHttpContext());
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, seat?.Gone ?? CancellationToken.None);
        try
        {
            await serve(seat ?? throw Peers.Draining("draining"), ending.Token);
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
        catch (Exception) when (seat is { Gone.IsCancellationRequested: true })
        {
            why = "The gateway is leaving, and the client did not read what it was sent.";
            // What it has not read would keep its connection open.
            context.GetHttpContext().Abort();
            throw Peers.Draining("draining");
        }
        catch (Exception) when (seat is { Leaving.IsCancellationRequested: true })
        {
            why = Peers.Leaving;
            throw Peers.Draining("handed_over");
        }
        finally
        {
            ended(why);
        }
    }
}
