using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.Internal;

/// <summary>
/// The end of a call. A deadline answers at once, even while the handler still runs; whoever comes second finds the
/// call ended. The handler's task outlives that answer, because ASP.NET reuses the context when it returns.
/// </summary>
internal sealed partial class ServerCall
{
    // How long a client that does not read may hold up the answer to its own deadline before the stream is reset.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private bool ended;
    private DateTime deadline = DateTime.MaxValue;
    private Timer? timer;
    private CancellationTokenSource? expiry;
    private Task expired = Task.CompletedTask;

    protected override DateTime DeadlineCore => deadline;

    protected override CancellationToken CancellationTokenCore => expiry?.Token ?? Aborted;

    private bool HasEnded
    {
        get
        {
            lock (gate)
            {
                return ended;
            }
        }
    }

    /// <summary>Into the headers when nothing was sent yet ("trailers only"), else into the trailers.</summary>
    public static void SetStatus(HttpResponse response, Status status, Metadata? trailers = null)
    {
        var destination = response.HasStarted
            ? response.HttpContext.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : response.Headers;
        foreach (var entry in trailers ?? Metadata.Empty)
        {
            destination.Append(entry.Key, entry.WireValue);
        }
        destination[Headers.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(status.Detail))
        {
            destination[Headers.Message] = Headers.EncodeMessage(status.Detail);
        }
    }

    private void StartDeadline()
    {
        if (Headers.DecodeTimeout(Http.Request.Headers[Headers.Timeout]) is not { } timeout)
        {
            return;
        }
        deadline = timeout > DateTime.MaxValue - DateTime.UtcNow ? DateTime.MaxValue : DateTime.UtcNow + timeout;
        expiry = CancellationTokenSource.CreateLinkedTokenSource(Aborted);
        // A timer cannot wait longer than 49 days; a call that lasts that long has no deadline worth the name.
        var due = timeout.TotalMilliseconds < int.MaxValue ? timeout : Timeout.InfiniteTimeSpan;
        timer = new Timer(static call => ((ServerCall)call!).OnDeadline(), this, due, Timeout.InfiniteTimeSpan);
    }

    private void OnDeadline()
    {
        lock (gate)
        {
            if (ended)
            {
                return;
            }
            ended = true;
            expired = Task.Run(ExpireAsync);
        }
    }

    private async Task ExpireAsync()
    {
        try
        {
            StatusCore = new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded");
            SetStatus(Http.Response, StatusCore, trailers);
            await Task.WhenAny(Http.Response.CompleteAsync(), Task.Delay(LastWords));
            Reset();
            await expiry!.CancelAsync();
        }
        catch (Exception error)
        {
            logger.LogError(error, "Error while ending call {Method} at its deadline", Method);
        }
    }

    private void End(Exception? error)
    {
        lock (gate)
        {
            if (ended)
            {
                return;
            }
            ended = true;
        }
        StatusCore = error is null ? StatusCore : ToStatus(error);
        SetStatus(Http.Response, StatusCore, trailers);
    }

    /// <summary>Waits for a deadline that is just being answered.</summary>
    public async ValueTask DisposeAsync()
    {
        if (timer is not null)
        {
            await timer.DisposeAsync();
            await expired;
            expiry!.Dispose();
        }
    }

    private Status ToStatus(Exception error)
    {
        if (error is RpcException rpc)
        {
            foreach (var entry in rpc.Trailers)
            {
                ResponseTrailers.Add(entry);
            }
            logger.LogInformation(rpc.Status.DebugException, "Call {Method} ends with {Status}: {Detail}",
                Method, rpc.StatusCode, rpc.Status.Detail);
            return rpc.Status;
        }
        // A reset reaches the reader a moment before the token.
        if (clientLeft || (error is OperationCanceledException or IOException && CancellationToken.IsCancellationRequested))
        {
            logger.LogInformation("Call {Method} was cancelled", Method);
        }
        else
        {
            logger.LogError(error, "Error when executing service method {Method}", Method);
        }
        const string Text = "Exception was thrown by handler.";
        var detail = options.EnableDetailedErrors == true ? $"{Text} {error.GetType().Name}: {error.Message}" : Text;
        return new Status(StatusCode.Unknown, detail, error);
    }

    /// <summary>Ends the stream for the client too (RST_STREAM with NO_ERROR), dropping what it has not read.</summary>
    private void Reset()
    {
        if (Http.Features.Get<IHttpResetFeature>() is { } feature)
        {
            feature.Reset(0);
        }
        else
        {
            Http.Abort();
        }
    }
}
