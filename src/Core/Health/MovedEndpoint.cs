using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>
/// What of an endpoint moves to another mesh: all that it has earned and all that was ordered, so that an ejected one does not come back because of the move.
/// <para>
/// Think of a patient who changes hospitals: the file goes along, with diagnosis, history and how long the stay was to be. The fever curve of the last hour does not:
/// they measure anew. So the lease begins anew, checks begin anew, and how far a warm-up has come the clock tells.
/// </para>
/// <para>
/// Rejected: moving <see cref="EndpointState"/> as it is. It holds what changes without anything happening (a lease's end, a percentage that the clock moves), and two
/// exports of a mesh in which nothing happened would differ.
/// </para>
/// </summary>
public sealed record MovedEndpoint
{
    /// <summary>What the caller said of it.</summary>
    public required EndpointSpec Spec { get; init; }

    /// <summary>When this life of it began.</summary>
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Its lease has run out. How much of its grace is left does not move: it begins anew, as after a restart.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Expired { get; init; }

    /// <summary>Leaving, by somebody's wish.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Draining { get; init; }

    /// <summary>The runs of failures under way, or those that it was ejected for; null when there are none.</summary>
    public FailureRuns? Runs { get; init; }

    /// <summary>Why the budget refused to eject it for the present run.</summary>
    public string? Refusal { get; init; }

    /// <summary>The present ejection.</summary>
    public Ejection? Ejection { get; init; }

    /// <summary>The proof under way after an ejection.</summary>
    public Probe? Probe { get; init; }

    /// <summary>When the warm-up under way began.</summary>
    public DateTimeOffset? WarmingSince { get; init; }

    /// <summary>How often in a row it was ejected: the back-off.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int EjectionMultiplier { get; init; }

    /// <summary>From when the next shrinking of the multiplier is counted.</summary>
    public DateTimeOffset? LastMultiplierDecay { get; init; }

    /// <summary>What moves of a state.</summary>
    public static MovedEndpoint Of(EndpointState state) => new()
    {
        Spec = state.Spec,
        RegisteredAt = state.RegisteredAt,
        Expired = state.ExpiredAt is not null,
        Draining = state.Draining,
        Runs = state.Runs == FailureRuns.None ? null : state.Runs,
        Refusal = state.Refusal,
        Ejection = state.Ejection,
        Probe = state.Probe,
        WarmingSince = state.Warming?.Since,
        EjectionMultiplier = state.EjectionMultiplier,
        LastMultiplierDecay = state.LastMultiplierDecay,
    };

    /// <summary>What moves of a state at a time, under a policy: what time has brought about is in it, also where no timer has said so yet.</summary>
    public static MovedEndpoint Of(EndpointState state, TrafficPolicy policy, DateTimeOffset now) => Of(Passing.Elapse(state, policy, now));

    /// <summary>The state in which it lives on, from now. Time has passed since it was written down: what that alone has changed is changed.</summary>
    public EndpointState LiveOn(TrafficPolicy policy, DateTimeOffset now)
    {
        var state = new EndpointState
        {
            Spec = Spec,
            RegisteredAt = RegisteredAt,
            ExpiredAt = Expired ? now : null,
            Draining = Draining,
            Runs = Runs ?? FailureRuns.None,
            Refusal = Refusal,
            Ejection = Ejection,
            Probe = Probe,
            Warming = WarmingSince is { } since ? new Warming(since, 0) : null,
            EjectionMultiplier = EjectionMultiplier,
            LastMultiplierDecay = LastMultiplierDecay,
        };
        return Registration.Recover(Passing.Warm(state, policy, now), now);
    }

    /// <summary>
    /// Whether an endpoint that is here is this one, but for what time alone has done to either since: a warm-up that is over, an ejection that has ended, a lease that
    /// nobody renewed here. So an import that was cut short can be run again.
    /// </summary>
    public bool IsAlready(EndpointState here, TrafficPolicy policy, DateTimeOffset now)
    {
        var (mine, its) = (Of(LiveOn(policy, now), policy, now), Of(here, policy, now));
        return mine == its || (its.Expired && mine with { Expired = true, LastMultiplierDecay = its.LastMultiplierDecay } == its);
    }

    /// <summary>What cannot be, whatever wrote it: figures below nothing, words without end. What a registration must fulfil is not looked at here.</summary>
    public ImmutableArray<Problem> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        Count("ejectionMultiplier", EjectionMultiplier, 1_000_000);
        Count("runs.consecutive5xx", Runs?.Consecutive5xx ?? 0);
        Count("runs.consecutiveGatewayFailure", Runs?.ConsecutiveGatewayFailure ?? 0);
        Count("runs.consecutiveLocalOriginFailure", Runs?.ConsecutiveLocalOriginFailure ?? 0);
        Count("probe.succeeded", Probe?.Succeeded ?? 0);
        Text("refusal", Refusal ?? "");
        Text("ejection.reason", Ejection is null ? "" : Ejection.Reason);
        Text("probe.after", Probe is null ? "" : Probe.After);
        if (Runs is { Sources: var sources } && (sources.IsDefault || sources.Length > EndpointObservation.MostSources || sources.Any(source => source?.Proxy is null)))
        {
            Refuse("runs.sources", null, $"A run has at most {EndpointObservation.MostSources} sources, each with its proxy's name.");
        }

        if (Ejection?.Evidence is { Sources: var witnesses } && (witnesses.IsDefault || witnesses.Any(witness => witness?.Proxy is null)))
        {
            Refuse("ejection.evidence.sources", null, "Each source has its proxy's name.");
        }

        return problems.ToImmutable();

        void Count(string field, long value, long most = long.MaxValue)
        {
            if (value < 0 || value > most)
            {
                Refuse(field, $"{value}", "This cannot be counted.");
            }
        }

        void Text(string field, string? text)
        {
            if (text is null or { Length: > LongestText })
            {
                Refuse(field, text?[..200], $"A text of at most {LongestText} characters is to stand here.");
            }
        }

        void Refuse(string field, string? value, string detail) =>
            problems.Add(new(ProblemKind.Invalid, field, value, detail, "Export it again: this was not written by an export."));
    }

    private const int LongestText = 4_000;
}
