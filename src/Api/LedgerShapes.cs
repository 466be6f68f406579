namespace Mesh.Api;

/// <summary>A page of a service's ledger, the newest entries first.</summary>
/// <param name="Items">The entries.</param>
/// <param name="Continue">What to pass as <c>?continue=</c> for older ones; null on the last page.</param>
/// <param name="Oldest">The number of the oldest entry that is still kept; 0 when there is none.</param>
/// <param name="Last">The greatest number ever given; 0 when none was.</param>
public sealed record LedgerView(IReadOnlyList<LedgerEntryView> Items, string? Continue, long Oldest, long Last);

/// <summary>One decision about an endpoint.</summary>
public sealed record LedgerEntryView
{
    /// <summary>Counts up within the service, for ever.</summary>
    public required long Number { get; init; }

    /// <summary>When it was decided.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>About which endpoint.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Ejected, Refused (by the budget), NotEnforced, Returned, Proven, Weight, Drained or Restored.</summary>
    public required string Kind { get; init; }

    /// <summary>Why, in a line.</summary>
    public required string Reason { get; init; }

    /// <summary>On what it rests; left out where no evidence is needed.</summary>
    public EvidenceView? Evidence { get; init; }

    /// <summary>Which document decided, as <c>Kind/namespace/name@version</c>; left out for the default policy.</summary>
    public string? Policy { get; init; }

    /// <summary>How the service stood before; left out where the budget was not asked.</summary>
    public BudgetView? Budget { get; init; }

    /// <summary>Until when it holds; left out for what has no end of its own.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The effective weight before, in configured ones; left out unless it changed.</summary>
    public double? WeightBefore { get; init; }

    /// <summary>The effective weight after.</summary>
    public double? WeightAfter { get; init; }
}

/// <summary>What an ejection rests on.</summary>
public sealed record EvidenceView
{
    /// <summary>Which detector: Consecutive5xx, ConsecutiveGatewayFailure, ConsecutiveLocalOriginFailure, FailedProbe, SuccessRate,
    /// FailurePercentage, Latency, Sequential or ActiveHealthCheck.</summary>
    public required string Detector { get; init; }

    /// <summary>The figures in a sentence.</summary>
    public required string Statement { get; init; }

    /// <summary>Failures seen.</summary>
    public required long Count { get; init; }

    /// <summary>Failures that suffice.</summary>
    public required long Threshold { get; init; }

    /// <summary>Requests looked at; 0 where only a run was counted.</summary>
    public long Requests { get; init; }

    /// <summary>What was measured: a share (0 to 1) of failed requests, or seconds for latency; left out for runs.</summary>
    public double? Observed { get; init; }

    /// <summary>Where that begins to be too much.</summary>
    public double? Limit { get; init; }

    /// <summary>What the peers showed.</summary>
    public double? Peers { get; init; }

    /// <summary>How many endpoints were compared, itself included; 0 for runs.</summary>
    public int Hosts { get; init; }

    /// <summary>When what is counted began.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Which proxies saw how many of the count; a name may be empty, for those that are not named.</summary>
    public IReadOnlyList<EvidenceSourceView> Sources { get; init; } = [];

    /// <summary>What the sources add up to; left out when none is named.</summary>
    public long? SourcesTotal { get; init; }

    /// <summary>More than the figures say.</summary>
    public string? Note { get; init; }
}

/// <summary>One proxy's share in the evidence.</summary>
public sealed record EvidenceSourceView(string Proxy, long Count);

/// <summary>How a service stood when its budget was asked.</summary>
/// <param name="Hosts">Endpoints that count.</param>
/// <param name="Ejected">Of these, ejected ones.</param>
public sealed record BudgetView(int Hosts, int Ejected);

/// <summary>Why a service's endpoints stand where they do.</summary>
public sealed record ExplanationView
{
    /// <summary><c>namespace/name</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The version of the snapshot that this was read from; left out when the service is gone.</summary>
    public string? Version { get; init; }

    /// <summary>Which document is in force; left out when none is.</summary>
    public string? Policy { get; init; }

    /// <summary>How the service stands for the budget now.</summary>
    public required BudgetView Budget { get; init; }

    /// <summary>The share of endpoints that may be ejected, in percent.</summary>
    public int MaxEjectionPercent { get; init; }

    /// <summary>The endpoint asked for, or all that are not simply healthy or have a history, by id.</summary>
    public required IReadOnlyList<EndpointExplanation> Endpoints { get; init; }

    /// <summary>Endpoints that are healthy and have no history in the ledger; they are not listed.</summary>
    public int Quiet { get; init; }

    /// <summary>Endpoints that had something to tell and were left out, for there were too many.</summary>
    public int LeftOut { get; init; }

    /// <summary>When the oldest entry was made that the ledger still keeps; left out when it is empty.</summary>
    public DateTimeOffset? LedgerSince { get; init; }
}

/// <summary>Why one endpoint stands where it does.</summary>
public sealed record EndpointExplanation
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>As it is now; left out when it is not registered any more.</summary>
    public EndpointDetail? Now { get; init; }

    /// <summary>How its weight comes about; left out when it is not registered any more.</summary>
    public WeightExplanation? Weight { get; init; }

    /// <summary>The run of failures under way, over the whole mesh.</summary>
    public long ConsecutiveFailures { get; init; }

    /// <summary>What the control plane's own checks say of it; left out when there are none.</summary>
    public string? Check { get; init; }

    /// <summary>Its ejections, the newest first.</summary>
    public required IReadOnlyList<EjectionExplanation> Ejections { get; init; }

    /// <summary>Its last refusals, unenforced detections, drainings, restorings and weight steps, the newest first.</summary>
    public required IReadOnlyList<LedgerEntryView> Notes { get; init; }
}

/// <summary>An effective weight as a product: the configured one times each factor.</summary>
/// <param name="Configured">As registered.</param>
/// <param name="Factors">What it is multiplied with; none when it is in effect as it is.</param>
/// <param name="Effective">As pushed.</param>
public sealed record WeightExplanation(int Configured, IReadOnlyList<WeightFactor> Factors, double Effective);

/// <summary>One factor of a weight.</summary>
/// <param name="Name">warm-up or adaptive.</param>
/// <param name="Factor">1 leaves the weight as it is.</param>
/// <param name="Reason">Why it is what it is.</param>
public sealed record WeightFactor(string Name, double Factor, string Reason);

/// <summary>One ejection.</summary>
/// <param name="Ejected">How it began.</param>
/// <param name="Ended">How the endpoint came back; left out while the ejection lasts.</param>
/// <param name="Settled">What became of the proof after it: proven, or ejected again; left out while it is under way or when there was none to give.</param>
public sealed record EjectionExplanation(LedgerEntryView Ejected, LedgerEntryView? Ended, LedgerEntryView? Settled);
