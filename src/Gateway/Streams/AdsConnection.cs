using System.Diagnostics;
using Grpc.Core;
using Mesh.Gateway.Telemetry;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Streams;

/// <summary>
/// One client's ADS stream: a loop that reads and a loop that writes around an <see cref="AdsStream"/>, which decides. The writer sends what is newest
/// whenever the client is ready for more.
/// </summary>
internal sealed class AdsConnection(
    AdsVariant variant, ResourceHub hub, ProxyRegistry registry, StreamOptions options, TimeProvider time, Caller caller) : IResourceWatcher
{
    private readonly Lock _gate = new();
    private readonly AdsStream _stream = new(variant, options.Ads);
    private readonly DirtyMarks _marks = new(time);
    private readonly HashSet<ResourceKey> _watched = [];
    private readonly DateTimeOffset?[] _acceptedAt = new DateTimeOffset?[ResourceTypes.InOrder.Count];
    private DateTimeOffset _subscribedAt;
    private bool _watchesAllClusters;

    public DateTimeOffset ConnectedAt { get; } = time.GetUtcNow();

    public Caller Caller => caller;

    public string Peer => caller.Address;

    /// <summary>What its certificate says that it is; null without one.</summary>
    public string? Identity => caller.Identity;

    public Envoy.Config.Core.V3.Node? Node => _stream.Node;

    public void Mark(ResourceKey key) => _marks.Add(key);

    /// <summary>Where it stands with each type, and when it last accepted something of it.</summary>
    public IReadOnlyList<(AdsTypeStatus Status, DateTimeOffset? AcceptedAt)> Types()
    {
        lock (_gate)
        {
            return [.. _stream.Status().Select(status => (status, _acceptedAt[(int)status.Type]))];
        }
    }

    /// <summary>Serves the stream until the client ends it. Throws an RpcException that says why when we end it.</summary>
    public async Task Run<T>(
        IAsyncStreamReader<T> requests,
        Func<AdsStream, T, AdsReceipt> receive,
        IServerStreamWriter<EncodedResponse> responses,
        CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Read(requests, receive, ending.Token);
        var writing = Write(responses, ending.Token);
        try
        {
            // Whichever ends first ends the other; what it throws is why the stream ends.
            await await Task.WhenAny(reading, writing);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            hub.Forget(this, _watched);
        }
    }

    private async Task Read<T>(IAsyncStreamReader<T> requests, Func<AdsStream, T, AdsReceipt> receive, CancellationToken cancellationToken)
    {
        if (!await Peers.First(requests, options, time, cancellationToken))
        {
            return;
        }

        do
        {
            AdsReceipt receipt;
            lock (_gate)
            {
                receipt = receive(_stream, requests.Current);
                // Under the lock of the writer's look: a name that is wanted, sent and only then watched would miss what changed in between.
                Follow(receipt);
            }

            Act(receipt);
            registry.Heard(this);
        }
        while (await requests.MoveNext(cancellationToken));
    }

    private void Act(AdsReceipt receipt)
    {
        switch (receipt.Kind)
        {
            case AdsRequestKind.Refused:
                throw receipt.Type is null
                    ? Peers.Close("node", StatusCode.InvalidArgument, receipt.Error!)
                    : Peers.Close("resources", StatusCode.ResourceExhausted, $"{receipt.Error} The limit is --max-resources-per-stream of the gateway.");
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

        foreach (var name in receipt.Added)
        {
            _watched.Add(new ResourceKey(type, name));
        }

        foreach (var name in receipt.Removed)
        {
            _watched.Remove(new ResourceKey(type, name));
        }

        var allClusters = _stream.IsWildcard(ResourceType.Cluster);
        if (receipt.Added.Count > 0 || receipt.Removed.Count > 0 || allClusters != _watchesAllClusters)
        {
            _watchesAllClusters = allClusters;
            hub.Watch(this, type, receipt.Added, receipt.Removed, allClusters);
        }

        var now = time.GetUtcNow();
        if (receipt.Kind == AdsRequestKind.Accepted)
        {
            _acceptedAt[(int)type] = now;
        }

        if (receipt.Added.Count > 0 || receipt.Kind == AdsRequestKind.Subscribed)
        {
            _subscribedAt = now;
        }

        if (_stream.Dirty)
        {
            _marks.Wake();
        }
    }

    private async Task Write(IServerStreamWriter<EncodedResponse> responses, CancellationToken cancellationToken)
    {
        await hub.Ready(cancellationToken);
        using var limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        while (true)
        {
            await _marks.Wait(cancellationToken);
            while (Next() is ({ } response, var subscribedAt))
            {
                await Send(responses, response, subscribedAt, limit, either.Token);
            }
        }
    }

    private (EncodedResponse? Response, DateTimeOffset SubscribedAt) Next()
    {
        var (marks, waited) = _marks.Take();
        if (marks.Count > 0)
        {
            StreamMetrics.Queued(waited);
        }

        lock (_gate)
        {
            foreach (var mark in marks)
            {
                _stream.Mark(mark.Type, mark.Name);
            }

            return (_stream.Next(hub.Resources.For(_stream.Client)), _subscribedAt);
        }
    }

    /// <summary>Writes one response, within the limit of time; what calls off the write is the limit or the end of the stream.</summary>
    private async Task Send(
        IServerStreamWriter<EncodedResponse> responses,
        EncodedResponse response,
        DateTimeOffset subscribedAt,
        CancellationTokenSource limit,
        CancellationToken cancellationToken)
    {
        var newest = response.Resources is [var only] ? only : response.Resources.MaxBy(static resource => resource.ChangedAt);
        // What is sent because it was asked for is no push: only what changed since.
        var pushed = newest?.ChangedAt >= subscribedAt;
        using var activity = pushed && newest!.Cause is { } cause ? MeshTelemetry.Source.StartActivity("push", ActivityKind.Producer, cause) : null;
        activity?.SetTag("mesh.xds.type", response.Type.ShortName()).SetTag("mesh.xds.version", response.Version).SetTag("mesh.node", Node?.Id);
        var started = time.GetTimestamp();
        try
        {
            var writing = responses.WriteAsync(response, cancellationToken);
            if (!writing.IsCompleted)
            {
                // Only a client that does not keep up needs the clock.
                limit.CancelAfter(options.WriteTimeout);
                await writing;
                limit.CancelAfter(Timeout.InfiniteTimeSpan);
            }

            await writing;
        }
        catch (Exception) when (limit.IsCancellationRequested)
        {
            throw Peers.Close("unread", StatusCode.Aborted, $"A response was not read within {options.WriteTimeout.TotalSeconds:0} s.");
        }

        StreamMetrics.Sent(response, time.GetElapsedTime(started));
        if (pushed)
        {
            StreamMetrics.Converged(time.GetUtcNow() - newest!.ChangedAt);
        }
    }
}
