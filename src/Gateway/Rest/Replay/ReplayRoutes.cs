using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Replay;
using Mesh.Gateway.Rest.Documents;
using Mesh.Gateway.Rest.Ledger;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Mesh.Gateway.Rest.Replay;

/// <summary>
/// <c>/v1/replay</c>: what would this policy have done? It reads, and changes nothing. The work is done in the gateway, on threads that no
/// grain and no stream waits for, a few replays at a time.
/// </summary>
internal static class ReplayRoutes
{
    private static readonly TimeSpan DefaultSince = TimeSpan.FromHours(1);

    public static void Map(RouteGroupBuilder v1) =>
        v1.MapPost("/replay", Replay)
            .WithName("replay").WithTags("ledger")
            .WithSummary("Runs a policy document, YAML or JSON, over what proxies reported, next to the policy in force; nothing is changed")
            .Takes("since")
            .Reads<JsonObject>(true, "application/yaml", "application/json")
            .Produces<ReplayView>().Refuses(400, 404, 413, 415, 503);

    private static async Task<IResult> Replay(
        HttpContext http, IMeshView view, IGrainFactory grains, RestLimits limits, ReplayPlaces places, TimeProvider time)
    {
        var query = new Queries(http, limits);
        var now = time.GetUtcNow();
        var since = LedgerRoutes.Since(query, time) ?? now - DefaultSince;
        if (now - since > limits.ReplaySince)
        {
            query.Refuse(
                "since", http.Request.Query["since"], $"That is longer ago than {DurationText.Format(limits.ReplaySince)}, which is the limit ReplaySince.",
                "Ask for less; reports are kept for two hours unless the silo was told otherwise.");
        }

        if (query.Refusal() is { } refusal)
        {
            return refusal;
        }

        var (json, refused) = await DocumentBody.Read(http, limits);
        if (refused is not null)
        {
            return refused;
        }

        var compiled = DestinationRuleCompiler.Compile(json!);
        if (!compiled.Ok)
        {
            return Answers.Refused(compiled.Problems);
        }

        using var place = places.Enter();
        if (place is null)
        {
            http.Response.Headers.RetryAfter = "5";
            return Answers.Refused(
                StatusCodes.Status503ServiceUnavailable, "Limit reached", $"{limits.Replays} replays are under way, which is the limit Replays.", "Come back later.");
        }

        var service = compiled.Value.Host;
        if (await ServiceRoutes.Find(service, view, grains) is not { } snapshot)
        {
            return ServiceRoutes.Missing(service);
        }

        var blocks = await grains.GetGrain<IReportArchiveGrain>(service.ToString()).Read(since);
        using var clock = new CancellationTokenSource(limits.ReplayTime, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, clock.Token);
        try
        {
            return Answers.Json(await Compare(compiled.Value, snapshot.Policy, blocks, since, now, limit.Token), RestJson.Written.ReplayView);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            return Answers.Refused(
                StatusCodes.Status503ServiceUnavailable, "Limit reached",
                $"The replay took longer than {DurationText.Format(limits.ReplayTime)}, which is the limit ReplayTime.", "Ask for a shorter time.", "since");
        }
    }

    private static async Task<ReplayView> Compare(
        CompiledPolicy candidate, TrafficPolicy inForce, ImmutableArray<ReportBlock> blocks, DateTimeOffset since, DateTimeOffset now, CancellationToken stop)
    {
        var recording = await Task.Run(() => blocks.Select(Read).Where(static block => !block.IsDefault).ToList(), stop);
        var frames = recording.SelectMany(static block => block).Where(frame => frame.At >= since && frame.At <= now && frame.Observations.Length > 0).ToImmutableArray();
        var end = frames.IsEmpty ? now : frames.Max(static frame => frame.At);
        var both = await Task.WhenAll(Run(candidate.Part.Traffic!), Run(inForce));
        var (tried, held) = (both[0], both[1]);
        return new()
        {
            Service = candidate.Host.ToString(),
            Document = $"{candidate.Kind}/{candidate.Namespace}/{candidate.Name}",
            Since = since,
            From = frames.IsEmpty ? null : frames.Min(static frame => frame.At),
            To = frames.IsEmpty ? null : end,
            Frames = frames.Length,
            Requests = tried.Requests,
            Failures = tried.Failures,
            Endpoints = tried.Endpoints.Length,
            Candidate = ReplayViews.Of(tried, null),
            InForce = ReplayViews.Of(held, inForce.Source),
            Caveats = ReplayViews.Caveats(candidate.Part.Traffic!, inForce, frames, since, blocks.Length - recording.Count),
        };

        Task<ReplayResult> Run(TrafficPolicy policy) =>
            Task.Run(() => PolicyReplay.Run(candidate.Host, policy, recording, since, end, stop: stop), stop);
    }

    /// <summary>One piece that another version wrote, or a disk garbled, is no reason to show nothing.</summary>
    private static ImmutableArray<RecordedFrame> Read(ReportBlock block)
    {
        try
        {
            return FrameCodec.Decode(block.Data);
        }
        catch (FormatException)
        {
            return default;
        }
    }
}

/// <summary>Keeps replays within their limit.</summary>
internal sealed class ReplayPlaces(RestLimits limits)
{
    private int _taken;

    /// <summary>A place, to be given back by disposing of it; null when all are taken.</summary>
    public IDisposable? Enter()
    {
        if (Interlocked.Increment(ref _taken) > limits.Replays)
        {
            Interlocked.Decrement(ref _taken);
            return null;
        }

        return new Place(this);
    }

    private sealed class Place(ReplayPlaces places) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref places._taken);
    }
}
