namespace Mesh.Api;

/// <summary>What a policy would have done with what proxies reported, next to the policy in force.</summary>
public sealed record ReplayView
{
    /// <summary>The service that the document binds to, as <c>namespace/name</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The document, as <c>Kind/namespace/name</c>.</summary>
    public required string Document { get; init; }

    /// <summary>From when on it was asked for.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When the first of the reports came that were replayed; left out when there are none.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When the last of them came.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How many frames were replayed: reports with failures, and sums of quiet times.</summary>
    public int Frames { get; init; }

    /// <summary>Requests in them.</summary>
    public long Requests { get; init; }

    /// <summary>Of these, failed ones.</summary>
    public long Failures { get; init; }

    /// <summary>Endpoints that were seen.</summary>
    public int Endpoints { get; init; }

    /// <summary>The document's policy.</summary>
    public required ReplayOutcomeView Candidate { get; init; }

    /// <summary>The policy that is in force now, over the same reports.</summary>
    public required ReplayOutcomeView InForce { get; init; }

    /// <summary>What the figures cannot tell.</summary>
    public required IReadOnlyList<string> Caveats { get; init; }
}

/// <summary>What one policy would have done.</summary>
public sealed record ReplayOutcomeView
{
    /// <summary>Which document, as <c>Kind/namespace/name@version</c>; left out for the default policy and for a candidate.</summary>
    public string? Policy { get; init; }

    /// <summary>Ejections.</summary>
    public int Ejections { get; init; }

    /// <summary>Ejections that the budget would have refused.</summary>
    public int Refusals { get; init; }

    /// <summary>Detections that the enforcing percentage would have let go.</summary>
    public int NotEnforced { get; init; }

    /// <summary>Failures at endpoints while they would have been ejected.</summary>
    public long Saved { get; init; }

    /// <summary>Successes at endpoints while they would have been ejected.</summary>
    public long Displaced { get; init; }

    /// <summary>The share of all requests that would have gone elsewhere, 0 to 1.</summary>
    public double Moved { get; init; }

    /// <summary>Endpoints that something would have happened to, by id.</summary>
    public required IReadOnlyList<EndpointReplayView> Endpoints { get; init; }
}

/// <summary>One endpoint under one policy.</summary>
public sealed record EndpointReplayView
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Requests to it.</summary>
    public long Requests { get; init; }

    /// <summary>Of these, failed ones.</summary>
    public long Failures { get; init; }

    /// <summary>In their order.</summary>
    public required IReadOnlyList<ReplayedEjectionView> Ejections { get; init; }

    /// <summary>How often the budget would have refused.</summary>
    public int Refusals { get; init; }

    /// <summary>Why, the first time.</summary>
    public string? Refusal { get; init; }

    /// <summary>How often it would have been noticed and let go.</summary>
    public int NotEnforced { get; init; }
}

/// <summary>An ejection that would have been.</summary>
/// <param name="At">When.</param>
/// <param name="Until">How long it was meant to last.</param>
/// <param name="Ended">When it would have ended; left out when the recording ends first.</param>
/// <param name="Evidence">On what.</param>
/// <param name="Budget">How the service would have stood before it.</param>
/// <param name="Saved">Failures recorded at it until its end.</param>
/// <param name="Displaced">Successes recorded at it until its end.</param>
public sealed record ReplayedEjectionView(
    DateTimeOffset At, DateTimeOffset? Until, DateTimeOffset? Ended, EvidenceView? Evidence, BudgetView? Budget, long Saved, long Displaced);
