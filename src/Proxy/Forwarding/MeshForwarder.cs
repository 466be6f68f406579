using Mesh.Core;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Forwarding;

/// <summary>How long and for how many a request may wait before it is forwarded.</summary>
public sealed record ForwardingLimits
{
    /// <summary>The first request for a host waits so long for its configuration.</summary>
    public TimeSpan ConfigurationWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A host that the control plane's answers lack is given so long to appear, since an answer may cross the question.</summary>
    public TimeSpan AbsenceGrace { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests that may wait for configuration at once.</summary>
    public int Waiting { get; init; } = 1024;

    /// <summary>Host names at once; for the message only.</summary>
    public int Hosts { get; init; } = 1000;
}

/// <summary>
/// What the workload talks to: reads the host's name, waits for its configuration if it is the first to ask, and sends the request on its
/// way.
/// </summary>
public sealed class MeshForwarder(ForwardingParts parts, ForwardingLimits limits, Func<string, ValueTask<bool>> ask)
{
    private readonly long _touchGrain = parts.Time.TimestampFrequency;
    private int _waiting;

    /// <summary>Handles one request.</summary>
    public Task Handle(HttpContext context)
    {
        if (HostOf(context.Request) is not { } host)
        {
            return Replies.BadHost(context.Request.Host.Value ?? "").Write(context);
        }

        // One roll for the whole request: who draws a cluster that is still on its way waits for it, and does not draw again until it is another.
        var roll = parts.Random.NextDouble();
        var found = Resolution.Of(parts.Configs.Current, host, PathOf(context.Request), roll);
        return found.Kind == ResolutionKind.Found ? Forward(context, found) : HandleSlowly(context, host, roll);
    }

    private async Task HandleSlowly(HttpContext context, string host, double roll)
    {
        if (Interlocked.Increment(ref _waiting) > limits.Waiting)
        {
            Interlocked.Decrement(ref _waiting);
            await new LocalReply(503, "UO", "Too many waiting requests", $"{limits.Waiting} requests wait for configuration.").Write(context);
            return;
        }

        Resolution found;
        LocalReply? reply;
        try
        {
            (found, reply) = await Await(context, host, roll);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        if (reply is not null)
        {
            await reply.Write(context);
        }
        else if (found.Kind == ResolutionKind.Direct)
        {
            context.Response.StatusCode = found.Route!.DirectStatus;
        }
        else
        {
            await Forward(context, found);
        }
    }

    private async Task<(Resolution Found, LocalReply? Reply)> Await(HttpContext context, string host, double roll)
    {
        var start = parts.Time.GetTimestamp();
        var path = PathOf(context.Request);
        while (true)
        {
            var (config, replaced) = parts.Configs.Watch();
            var found = Resolution.Of(config, host, path, roll);
            found.Host?.Use.Touch(parts.Time.GetTimestamp(), _touchGrain);
            var left = limits.ConfigurationWait - parts.Time.GetElapsedTime(start);
            switch (found.Kind)
            {
                case ResolutionKind.Found or ResolutionKind.Direct:
                    return (found, null);
                case ResolutionKind.NoRoute:
                    return (found, Replies.NoRoute(host, path));
                case ResolutionKind.Unasked when !await ask(host):
                    return (found, Replies.TooManyHosts(limits.Hosts));
                case ResolutionKind.Absent:
                    // Only who asks for it now may be ahead of the answer.
                    var grace = limits.AbsenceGrace - parts.Time.GetElapsedTime(found.Host!.AskedAt);
                    if (grace <= TimeSpan.Zero)
                    {
                        return (found, Replies.UnknownHost(host));
                    }

                    left = grace < left ? grace : left;
                    break;
                case ResolutionKind.Pending when parts.Time.GetElapsedTime(found.Host!.AskedAt) > limits.ConfigurationWait && found.Host.Listener is null:
                    // Others have waited for it in vain; it is still asked for, and may come any time.
                    left = TimeSpan.Zero;
                    break;
            }

            if (left <= TimeSpan.Zero)
            {
                return (found, Replies.NotYetKnown(host, config.Connected, limits.ConfigurationWait));
            }

            if (await Ends(replaced, left, context.RequestAborted))
            {
                return (found, Replies.NotYetKnown(host, config.Connected, limits.ConfigurationWait));
            }
        }
    }

    /// <summary>Waits for the next version, at most so long; says whether the client left meanwhile.</summary>
    private async Task<bool> Ends(Task replaced, TimeSpan most, CancellationToken aborted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        await Task.WhenAny(replaced, Task.Delay(most, parts.Time, limit.Token));
        await limit.CancelAsync();
        return aborted.IsCancellationRequested;
    }

    private async Task Forward(HttpContext context, Resolution found)
    {
        found.Host!.Use.Touch(parts.Time.GetTimestamp(), _touchGrain);
        using var run = new RequestRun(context, parts, found.Host, found.Route!, found.Cluster!);
        await run.Forward();
    }

    private static string PathOf(HttpRequest request) => request.Path.Value is { Length: > 0 } path ? path : "/";

    private static string? HostOf(HttpRequest request)
    {
        var host = request.Host.Host;
        if (host.Length is 0 or > 253)
        {
            return null;
        }

        var lower = host.ToLowerInvariant();
        return Names.IsSubdomain(lower) ? lower : null;
    }
}
