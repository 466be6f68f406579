using System.Diagnostics;
using Grpc.Core;
using Mesh.Gateway.Telemetry;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Streams;

/// <summary>
/// One client's ADS stream: a loop that reads and an <see cref="AdsWriter"/> around an <see cref="AdsStream"/>, which decides. The writer sends what is newest
/// whenever the client is ready for more.
/// </summary>
internal sealed class AdsConnection(
    AdsVariant variant, ResourceHub hub, ProxyRegistry registry, FirstPushes firstPushes, Convergence convergence, StreamOptions options, TimeProvider time, Caller caller)
    : IResourceWatcher, IAdsOutbox
{
    private static long _streams;

    private readonly Lock _gate = new();
    private readonly AdsStream _stream = new(variant, options.Ads);
    private readonly DirtyMarks _marks = new(time);
    private readonly DateTimeOffset?[] _acceptedAt = new DateTimeOffset?[ResourceTypes.InOrder.Count];
    private readonly Unanswered _unanswered = new(options.Ads.Unanswered, time);
    private volatile Refusals _refused = Refusals.None;
    private long _markedAt;
    private DateTimeOffset _subscribedAt;
    private long _forgotten;
    private AdsWriter? _writer;
    private bool _heard;
    private int _sentTypes;
    private readonly bool[] _watchesAll = new bool[ResourceTypes.InOrder.Count];

    /// <summary>Tells it from all others of this process.</summary>
    public long Number { get; } = Interlocked.Increment(ref _streams);

    public DateTimeOffset ConnectedAt { get; } = time.GetUtcNow();

    public Caller Caller => caller;

    public string Peer => caller.Address;

    /// <summary>What its certificate says that it is; null without one.</summary>
    public string? Identity => caller.Identity;

    public Envoy.Config.Core.V3.Node? Node => _stream.Node;

    public void Mark(ResourceKey key)
    {
        _marks.Add(key);
        _writer?.Wake();
    }

    public ClientProfile Client => _stream.Client;

    public AdsVariant Variant => variant;

    /// <summary>What the client refuses now.</summary>
    public Refusals Refused => _refused;

    /// <summary>Has the client told that what it holds is still right, before it runs out there. Nothing happens for clients at which nothing runs out.</summary>
    public void Beat()
    {
        lock (_gate)
        {
            if (!_stream.Client.SupportsResourceTtl)
            {
                return;
            }

            _stream.Heartbeat();
        }

        _writer?.Wake();
    }

    /// <summary>Where it stands with each type.</summary>
    public IReadOnlyList<TypeStanding> Types()
    {
        lock (_gate)
        {
            return [.. _stream.Status().Select(Standing)];
        }
    }

    /// <summary>What the client was sent.</summary>
    public IReadOnlyList<SentResource> Sent()
    {
        lock (_gate)
        {
            // The bytes of what a client refuses are not kept for it; as long as nothing newer has come, they are what the mesh would send.
            var newest = hub.Resources.For(_stream.Client);
            return
            [
                .. _stream.Sent().Select(sent =>
                    sent.Held is null && newest.Find(sent.Type, sent.Name) is { } held && held.Version == sent.Sent ? sent with { Held = held } : sent),
            ];
        }
    }

    /// <summary>Serves the stream until the client ends it. Throws an RpcException that says why when we end it.</summary>
    /// <param name="requests">What the client says.</param>
    /// <param name="receive">How the stream takes a request of this protocol.</param>
    /// <param name="responses">Where responses go.</param>
    /// <param name="leaving">This gateway leaves: end in order.</param>
    /// <param name="cancellationToken">The client is gone, or we are.</param>
    public async Task Run<T>(
        IAsyncStreamReader<T> requests,
        Func<AdsStream, T, AdsReceipt> receive,
        IServerStreamWriter<EncodedResponse> responses,
        CancellationToken leaving,
        CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = _writer = new AdsWriter(this, responses, firstPushes, options, time, ending.Token);
        var reading = Read(requests, receive, ending.Token);
        var starting = Start(writer, ending.Token);
        try
        {
            // Whichever ends first ends the other; what it throws is why the stream ends.
            await (await Task.WhenAny(reading, writer.Failed).WaitAsync(leaving));
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            // Whoever was being written a response has all of it before it goes elsewhere with its version.
            await writer.Stop().WaitAsync(cancellationToken);
            throw;
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(reading, starting, writer.Stop()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            hub.Forget(this, [.. ResourceTypes.InOrder.SelectMany(type => _stream.Wanted(type).Select(name => new ResourceKey(type, name)))]);
            lock (_gate)
            {
                _unanswered.End();
            }
        }
    }

    private async Task Start(AdsWriter writer, CancellationToken cancellationToken)
    {
        await hub.Ready(cancellationToken);
        writer.Start();
    }

    private async Task Read<T>(IAsyncStreamReader<T> requests, Func<AdsStream, T, AdsReceipt> receive, CancellationToken cancellationToken)
    {
        if (!await Peers.First(requests, options, time, cancellationToken))
        {
            return;
        }

        var pace = new ReadingPace(options.RequestsPerSecond, time, StreamMetrics.RequesterThrottled);
        do
        {
            AdsReceipt receipt;
            lock (_gate)
            {
                receipt = receive(_stream, requests.Current);
                Note(receipt);
                // Under the lock of the writer's look: a name that is wanted, sent and only then watched would miss what changed in between.
                Follow(receipt);
            }

            Act(receipt);
            if (!_heard)
            {
                _heard = true;
                registry.Heard(this);
            }

            await pace.Read(cancellationToken);
        }
        while (await requests.MoveNext(cancellationToken));
    }

    /// <summary>What people are shown of an answer. A client that refuses nothing costs a look at a queue.</summary>
    private void Note(AdsReceipt receipt)
    {
        if (receipt.Answered > 0)
        {
            _unanswered.Answered(receipt.Type!.Value, receipt.Answered);
        }

        if (receipt.Refused.Count > 0 || receipt.Restored.Count > 0 || _stream.RefusedCount != _refused.Total)
        {
            var before = _refused;
            _refused = before.After(_stream.Refused(Refusals.Most), [.. ResourceTypes.InOrder.Select(_stream.RefusedOf)], time.GetUtcNow());
            registry.Refuses(this, before, _refused);
        }
    }

    private TypeStanding Standing(AdsTypeStatus status)
    {
        // What was marked but is not sent yet waits since its mark; a response that is being written counts as sent.
        var since = _unanswered.Since(status.Type) ?? (status.Pending ? _markedAt : _marks.Since(status.Type));
        return new(status, _acceptedAt[(int)status.Type], since is { } at ? time.GetElapsedTime(at) : TimeSpan.Zero);
    }

    private void Act(AdsReceipt receipt)
    {
        switch (receipt.Kind)
        {
            case AdsRequestKind.Refused:
                throw receipt.Broken switch
                {
                    AdsLimit.NodeIdLength => Peers.Close("node", StatusCode.InvalidArgument, receipt.Error!),
                    AdsLimit.NameLength => Peers.Close("name", StatusCode.InvalidArgument, receipt.Error!),
                    AdsLimit.InitialVersions => Peers.Close("initial_versions", StatusCode.ResourceExhausted, receipt.Error!),
                    _ => Peers.Close("resources", StatusCode.ResourceExhausted, $"{receipt.Error} The limit is --max-resources-per-stream of the gateway."),
                };
            case AdsRequestKind.Rejected:
                StreamMetrics.Rejected(receipt.Type!.Value);
                registry.Rejected(this, receipt);
                break;
        }
    }

    private void Follow(AdsReceipt receipt)
    {
        if (receipt.Type is not { } type || receipt.Kind is AdsRequestKind.Stale or AdsRequestKind.Refused)
        {
            return;
        }

        var all = _stream.IsWildcard(type);
        if (receipt.Added.Count > 0 || receipt.Removed.Count > 0 || all != _watchesAll[(int)type])
        {
            _watchesAll[(int)type] = all;
            hub.Watch(this, type, receipt.Added, receipt.Removed, all);
            if (!all)
            {
                _marks.Forget(type, receipt.Removed);
            }
        }

        var now = time.GetUtcNow();
        if (receipt.Kind == AdsRequestKind.Accepted)
        {
            _acceptedAt[(int)type] = now;
        }

        if (receipt.Added.Count > 0 || receipt.Kind == AdsRequestKind.Subscribed)
        {
            _subscribedAt = now;
            _markedAt = time.GetTimestamp();
        }

        if (_stream.Dirty)
        {
            _writer?.Wake();
        }
    }

    Push? IAdsOutbox.Next()
    {
        var (marks, waited) = _marks.Take();
        if (marks.Count > 0)
        {
            StreamMetrics.Queued(waited);
            _markedAt = time.GetTimestamp() - (long)(waited.TotalSeconds * time.TimestampFrequency);
        }

        EncodedResponse response;
        lock (_gate)
        {
            foreach (var mark in marks)
            {
                _stream.Mark(mark.Type, mark.Name);
            }

            if (!_stream.Dirty || _stream.Next(hub.Resources.For(_stream.Client)) is not { } next)
            {
                return null;
            }

            response = next;
            if (response.Resources.Count <= 1)
            {
                return Take(response, response.Resources.Count == 0 ? null : response.Resources[0]);
            }
        }

        // A whole has as many as the mesh: nobody has to wait for the look at all of them. What is not written yet has no answer.
        var newest = response.Resources.MaxBy(static resource => resource.ChangedAt);
        lock (_gate)
        {
            return Take(response, newest);
        }
    }

    /// <summary>Notes that a response goes out, under the lock.</summary>
    private Push Take(EncodedResponse response, EncodedResource? newest)
    {
        // What is sent because it was asked for is no push: only what changed since.
        var pushed = newest?.ChangedAt >= _subscribedAt ? newest : null;
        var change = _unanswered.IsSilent(response.Type) ? null : pushed?.Delivery;
        if (change is not null)
        {
            convergence.Sent(change);
        }

        _unanswered.Sent(response.Type, response.Number, change);
        if (_stream.Forgotten > _forgotten)
        {
            StreamMetrics.Unanswered(_stream.Forgotten - _forgotten);
            _forgotten = _stream.Forgotten;
        }

        var type = 1 << (int)response.Type;
        var isFirst = (_sentTypes & type) == 0;
        _sentTypes |= type;
        return new Push(response, isFirst, pushed);
    }

    void IAdsOutbox.Sent(in Push push, TimeSpan took)
    {
        var response = push.Response;
        StreamMetrics.Sent(response, took);
        if (push.Pushed is not { } newest)
        {
            return;
        }

        StreamMetrics.Converged(time.GetUtcNow() - newest.ChangedAt);
        if (newest.Cause is { } cause && MeshTelemetry.Source.HasListeners())
        {
            using var activity = MeshTelemetry.Source.StartActivity("push", ActivityKind.Producer, cause, startTime: time.GetUtcNow() - took);
            activity?.SetTag("mesh.xds.type", response.Type.ShortName()).SetTag("mesh.xds.version", response.Version).SetTag("mesh.node", Node?.Id);
        }
    }
}
