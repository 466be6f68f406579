using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Core.Policies;
using Mesh.Core.Replay;
using Mesh.Gateway.Rest.Ledger;

namespace Mesh.Gateway.Rest.Replay;

/// <summary>A replay as the API shows it.</summary>
internal static class ReplayViews
{
    public static ReplayOutcomeView Of(ReplayResult result, string? policy) => new()
    {
        Policy = policy,
        Ejections = result.Endpoints.Sum(static endpoint => endpoint.Ejections.Length),
        Refusals = result.Endpoints.Sum(static endpoint => endpoint.Refusals),
        NotEnforced = result.Endpoints.Sum(static endpoint => endpoint.NotEnforced),
        Saved = result.Saved,
        Displaced = result.Displaced,
        Moved = result.Moved,
        Endpoints =
        [
            .. result.Endpoints.Where(static endpoint => endpoint.Ejections.Length + endpoint.Refusals + endpoint.NotEnforced > 0).Select(Of),
        ],
    };

    /// <summary>What the figures cannot tell, as far as it concerns these policies.</summary>
    public static IReadOnlyList<string> Caveats(TrafficPolicy candidate, TrafficPolicy inForce, ImmutableArray<RecordedFrame> frames, DateTimeOffset since, int unreadable)
    {
        var caveats = new List<string>
        {
            "What an ejection keeps away from an endpoint goes to the others; how they would have fared with it was not recorded.",
            "An endpoint that really was ejected was seen by nobody meanwhile, so no policy finds fault with it there.",
        };
        if (candidate.HealthCheck is not null || inForce.HealthCheck is not null)
        {
            caveats.Add("Active checks are not replayed: an ejection by checks is missing, and each other one ends by its time.");
        }

        if (candidate.AdaptiveWeights is not null || inForce.AdaptiveWeights is not null)
        {
            caveats.Add("Weights that follow the load are not replayed.");
        }

        if (unreadable > 0)
        {
            caveats.Add($"{unreadable} pieces of the recording could not be read; they were written by another version.");
        }

        if (frames.IsEmpty)
        {
            caveats.Add("Nothing was recorded in that time: there was no traffic, or the archive is turned off, or it is younger than half a minute.");
        }
        else if (frames[0].At > since + TimeSpan.FromMinutes(1))
        {
            caveats.Add("The recording begins later than asked for.");
        }

        return caveats;
    }

    private static EndpointReplayView Of(EndpointReplay endpoint) => new()
    {
        Id = endpoint.Id,
        Requests = endpoint.Requests,
        Failures = endpoint.Failures,
        Ejections = [.. endpoint.Ejections.Select(Of)],
        Refusals = endpoint.Refusals,
        Refusal = endpoint.Refusal,
        NotEnforced = endpoint.NotEnforced,
    };

    private static ReplayedEjectionView Of(ReplayedEjection ejection) => new(
        ejection.At, ejection.Until, ejection.Ended,
        ejection.Evidence is { } evidence ? LedgerViews.Of(evidence) : null,
        ejection.Tally is { } tally ? new(tally.Hosts, tally.Ejected) : null,
        ejection.Saved, ejection.Displaced);
}
