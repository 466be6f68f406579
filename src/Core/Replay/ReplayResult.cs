using System.Collections.Immutable;
using Mesh.Core.Outliers;

namespace Mesh.Core.Replay;

/// <summary>What a policy would have done with what was recorded.</summary>
public sealed record ReplayResult
{
    /// <summary>Requests in the recording, to all endpoints.</summary>
    public required long Requests { get; init; }

    /// <summary>Of these, failed ones.</summary>
    public required long Failures { get; init; }

    /// <summary>All endpoints that were seen, by id.</summary>
    public required ImmutableArray<EndpointReplay> Endpoints { get; init; }

    /// <summary>Failures at endpoints while they would have been ejected.</summary>
    public long Saved => Endpoints.Sum(static endpoint => endpoint.Ejections.Sum(static ejection => ejection.Saved));

    /// <summary>Successes at endpoints while they would have been ejected: requests that others would have had to take on.</summary>
    public long Displaced => Endpoints.Sum(static endpoint => endpoint.Ejections.Sum(static ejection => ejection.Displaced));

    /// <summary>The share of all requests that would have gone elsewhere, 0 to 1.</summary>
    public double Moved => Requests == 0 ? 0 : (Saved + Displaced) / (double)Requests;
}

/// <summary>One endpoint's part.</summary>
/// <param name="Id">Which.</param>
/// <param name="Requests">Requests to it in the recording.</param>
/// <param name="Failures">Of these, failed ones.</param>
/// <param name="Ejections">In their order.</param>
/// <param name="Refusals">How often the budget would have refused to eject it.</param>
/// <param name="Refusal">Why, the first time; null when it never did.</param>
/// <param name="NotEnforced">How often a detector would have noticed it, and the policy's enforcing percentage let it go.</param>
public sealed record EndpointReplay(
    string Id, long Requests, long Failures, ImmutableArray<ReplayedEjection> Ejections, int Refusals, string? Refusal, int NotEnforced);

/// <summary>An ejection that would have been.</summary>
/// <param name="At">When.</param>
/// <param name="Until">How long it was meant to last; null when no time would have ended it.</param>
/// <param name="Ended">When it would have ended; null when the recording ends first.</param>
/// <param name="Evidence">On what.</param>
/// <param name="Tally">How the service would have stood before it.</param>
/// <param name="Saved">Failures recorded at it until its end.</param>
/// <param name="Displaced">Successes recorded at it until its end.</param>
public sealed record ReplayedEjection(
    DateTimeOffset At, DateTimeOffset? Until, DateTimeOffset? Ended, OutlierEvidence? Evidence, EjectionTally? Tally, long Saved, long Displaced);
