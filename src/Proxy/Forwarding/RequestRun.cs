using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;
using Yarp.ReverseProxy.Forwarder;

namespace Mesh.Proxy.Forwarding;

/// <summary>What a request's tries need from outside.</summary>
/// <param name="Forwarder">YARP's.</param>
/// <param name="Configs">The configuration in force: a retry takes the newest, so that a push between two tries counts.</param>
/// <param name="Ended">Told of every try that says something about its endpoint.</param>
/// <param name="Time">The clock.</param>
/// <param name="Random">Where chance comes from.</param>
/// <param name="ReplayLimit">Bytes of a request's body kept for further tries.</param>
public sealed record ForwardingParts(
    IHttpForwarder Forwarder, ConfigStore Configs, Action<EndpointState, TryResult> Ended, TimeProvider Time, Random Random, int ReplayLimit);

/// <summary>
/// One request on its way through a cluster: a try, and further tries elsewhere while the route's policy, the request's body, the
/// cluster's limits and the time allow. A gRPC call goes on over HTTP/2 (h2c), everything else over HTTP/1.1: a workload that serves h2c
/// to callers other than gRPC is rare, and one that does not would break.
/// </summary>
internal sealed class RequestRun : IDisposable
{
    private readonly HttpContext _context;
    private readonly ForwardingParts _parts;
    private readonly HostModel _host;
    private readonly RouteRule _route;
    private readonly bool _grpc;
    private readonly long _start;
    private readonly TryTransformer _transformer;
    private ClusterModel _cluster;
    private ReplayStream? _body;
    private CancellationTokenSource? _limit;
    private EndpointState? _endpoint;
    private TryEnd? _head;
    private long _began;
    private TimeSpan? _took;
    private bool _settled;
    private bool _discarded;
    private bool _holdsRetry;
    private int _attempt;

    public RequestRun(HttpContext context, ForwardingParts parts, HostModel host, RouteRule route, ClusterModel cluster)
    {
        (_context, _parts, _host, _route, _cluster) = (context, parts, host, route, cluster);
        _grpc = LocalReply.IsGrpc(context.Request);
        _start = parts.Time.GetTimestamp();
        _transformer = new TryTransformer(this);
    }

    private TimeSpan Elapsed => _parts.Time.GetElapsedTime(_start);

    private bool TimeIsUp => _route.Timeout > TimeSpan.Zero && Elapsed >= _route.Timeout;

    public async Task Forward()
    {
        var state = _cluster.State;
        if (!state.TryBegin())
        {
            await Replies.TooManyRequests(_cluster.Config).Write(_context);
            return;
        }

        try
        {
            if (_route.Retry.Retries > 0 && HasBody(_context.Request))
            {
                _body = new ReplayStream(_context.Request.Body, _parts.ReplayLimit);
                _context.Request.Body = _body;
            }

            await Tries();
        }
        finally
        {
            state.End(_context.Response.StatusCode, Elapsed);
            ReleaseRetry();
        }
    }

    public void Dispose()
    {
        _body?.Dispose();
        _limit?.Dispose();
    }

    /// <summary>Whether this try is to be the last on its connection.</summary>
    public bool ClosesConnection => !_grpc && _cluster.State.ClosesConnection();

    /// <summary>The head of an answer; says whether to pass it on.</summary>
    public bool Head(int status, int grpcStatus)
    {
        var end = new TryEnd(TryKind.Answer, status, grpcStatus);
        _head = end;
        _took = _parts.Time.GetElapsedTime(_began);
        ReleaseRetry();
        if (end.Result != TryResult.Success)
        {
            // A failure is known now; its body does not make it better.
            Settle(end);
        }

        _discarded = MayRetry(end);
        if (!_discarded)
        {
            // From here on only the route's limit holds, and none at all for an upgraded connection.
            _limit?.CancelAfter(_route.Timeout > TimeSpan.Zero && status != StatusCodes.Status101SwitchingProtocols
                ? Max(_route.Timeout - Elapsed, TimeSpan.FromMilliseconds(1)) : Timeout.InfiniteTimeSpan);
        }

        return !_discarded;
    }

    /// <summary>The trailers of an answer.</summary>
    public void Trailers(int grpcStatus)
    {
        if (grpcStatus >= 0 && _head is { } head)
        {
            _head = head with { GrpcStatus = grpcStatus };
        }
    }

    private async Task Tries()
    {
        var hash = EndpointPicker.Hash(_route, _context, _parts.Random);
        List<string>? tried = null;
        while (true)
        {
            var (end, reply) = await Try(hash, tried);
            if (!_discarded && (reply is null || !MayRetry(end)))
            {
                await (reply is not null ? reply.Write(_context) : Task.CompletedTask);
                return;
            }

            _attempt++;
            (tried ??= []).Add(_endpoint!.Key);
            _context.Response.Clear();
            _context.Features.Set<IForwarderErrorFeature>(null);
            _body?.Rewind();
            if (_parts.Configs.Current.Clusters.TryGetValue(_cluster.Config.Name, out var newest))
            {
                _cluster = newest;
            }

            // Elsewhere at once; where everyone was tried, not before they had a moment.
            if (tried.Count >= _cluster.Usable.Length + _cluster.Reserve.Length)
            {
                await Task.Delay(_route.Retry.BackOff(_attempt, _parts.Random.NextDouble()), _parts.Time, _context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One try. With a reply if no answer was passed on and none is to be waited for.</summary>
    private async Task<(TryEnd End, LocalReply? Reply)> Try(ulong hash, List<string>? tried)
    {
        (_head, _took, _settled, _discarded, _endpoint) = (null, null, false, false, null);
        var token = StartLimit();
        var gate = _grpc ? null : _cluster.State.Gate;
        try
        {
            if (gate is not null && !await gate.Enter(token))
            {
                _cluster.State.Refuse();
                return (new(TryKind.ClientGone), Replies.TooManyPending(_cluster.Config));
            }
        }
        catch (OperationCanceledException)
        {
            return (new(TryKind.ClientGone), Replies.TimedOut(_route, waiting: true));
        }

        try
        {
            return EndpointPicker.Pick(_cluster, _parts.Random, hash, tried) is { } endpoint
                ? await Send(endpoint.State, token)
                : (new(TryKind.ClientGone), Replies.NoHealthyEndpoint(_cluster));
        }
        finally
        {
            gate?.Leave();
        }
    }

    private async Task<(TryEnd End, LocalReply? Reply)> Send(EndpointState endpoint, CancellationToken token)
    {
        _endpoint = endpoint;
        _began = _parts.Time.GetTimestamp();
        endpoint.Begin(_began);
        var end = new TryEnd(TryKind.Reset);
        try
        {
            var config = _grpc ? _host.Listener!.Http2 : _host.Listener!.Http1;
            var error = await _parts.Forwarder.SendAsync(_context, endpoint.Prefix, _cluster.State.Client, config, _transformer, token);
            end = ForwarderErrors.EndOf(error, _context, _head);
        }
        finally
        {
            Over(endpoint, end);
        }

        if (_discarded || end.Kind == TryKind.Answer || _context.Response.HasStarted)
        {
            return (end, null);
        }

        return (end, Replies.NoAnswer(end.Kind, endpoint.Key, _route, TimeIsUp));
    }

    /// <summary>Whether to try again after this; if so, one of the cluster's retries is held until the next try has its answer.</summary>
    private bool MayRetry(TryEnd end)
    {
        ReleaseRetry();
        _holdsRetry = _attempt < _route.Retry.Retries
            && end.Retriable(_route.Retry)
            && _body is not { CanReplay: false }
            && !TimeIsUp
            && !_context.RequestAborted.IsCancellationRequested
            && _cluster.State.TryBeginRetry();
        return _holdsRetry;
    }

    private void ReleaseRetry()
    {
        if (_holdsRetry)
        {
            _holdsRetry = false;
            _cluster.State.EndRetry();
        }
    }

    /// <summary>The outcome is known though the try goes on.</summary>
    private void Settle(TryEnd end)
    {
        if (!_settled && _endpoint is { } endpoint)
        {
            _settled = true;
            endpoint.Settle(Outcome(end, _parts.Time.GetTimestamp()));
            _parts.Ended(endpoint, end.Result);
        }
    }

    private void Over(EndpointState endpoint, TryEnd end)
    {
        var now = _parts.Time.GetTimestamp();
        if (_settled)
        {
            endpoint.End(now);
            return;
        }

        _settled = true;
        endpoint.End(now, Outcome(end, now));
        _parts.Ended(endpoint, end.Result);
    }

    private TryOutcome Outcome(TryEnd end, long now) => new(end.Result, now, end.Answer, end.Kind == TryKind.Answer ? _took : null);

    private CancellationToken StartLimit()
    {
        var most = _route.Retry.PerTryTimeout;
        if (_route.Timeout > TimeSpan.Zero)
        {
            var left = Max(_route.Timeout - Elapsed, TimeSpan.FromMilliseconds(1));
            most = most > TimeSpan.Zero && most < left ? most : left;
        }

        _limit?.Dispose();
        _limit = most > TimeSpan.Zero ? new CancellationTokenSource(most, _parts.Time) : null;
        return _limit?.Token ?? CancellationToken.None;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static bool HasBody(HttpRequest request) =>
        request.ContentLength is > 0
        || request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
}
