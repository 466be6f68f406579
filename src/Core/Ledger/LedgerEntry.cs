using System.Text.Json.Serialization;
using Mesh.Core.Outliers;

namespace Mesh.Core.Ledger;

/// <summary>What was decided about an endpoint.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LedgerKind>))]
public enum LedgerKind
{
    /// <summary>It was ejected.</summary>
    Ejected,

    /// <summary>It deserved it, and the budget refused.</summary>
    Refused,

    /// <summary>A detector noticed it, and the policy's enforcing percentage let it go.</summary>
    NotEnforced,

    /// <summary>Its ejection ended; it has to prove itself.</summary>
    Returned,

    /// <summary>It has proven itself.</summary>
    Proven,

    /// <summary>Its weight changed.</summary>
    Weight,

    /// <summary>It was drained.</summary>
    Drained,

    /// <summary>An admin put it back.</summary>
    Restored,
}

/// <summary>One decision, with all that is needed to check it.</summary>
public sealed record LedgerEntry
{
    /// <summary>Counts up within the service, from 1; given when it is entered.</summary>
    public long Number { get; init; }

    /// <summary>When it was decided.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>About which endpoint.</summary>
    public required string EndpointId { get; init; }

    /// <summary>What was decided.</summary>
    public required LedgerKind Kind { get; init; }

    /// <summary>For people, in a line.</summary>
    public required string Reason { get; init; }

    /// <summary>On what it rests; null for what needs no evidence.</summary>
    public OutlierEvidence? Evidence { get; init; }

    /// <summary>Which version of which document said so, as <see cref="Policies.TrafficPolicy.Source"/>; null for the default policy.</summary>
    public string? Policy { get; init; }

    /// <summary>How the service stood before; null where the budget was not asked.</summary>
    public EjectionTally? Tally { get; init; }

    /// <summary>Until when it holds; null for what has no end of its own.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The effective weight before, in hundredths; null unless it changed.</summary>
    public int? WeightBefore { get; init; }

    /// <summary>The effective weight after, in hundredths; null unless it changed.</summary>
    public int? WeightAfter { get; init; }
}
