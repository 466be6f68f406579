namespace Mesh.Core.Outliers;

/// <summary>
/// An observation's counts, made consistent: none negative, the parts no larger than the whole, no tail longer than the period. Reports come
/// from other processes; what they claim beyond that is cut to the smaller claim, so that nobody is ejected for failures that cannot have been.
/// </summary>
internal readonly record struct ObservationCounts(
    long Succeeded, long Failed, long Gateway, long Local, long? Tail, long? GatewayTail, long? LocalTail)
{
    public static ObservationCounts Of(EndpointObservation observation)
    {
        var failed = Math.Max(0, observation.Failed);
        var gateway = Math.Clamp(observation.GatewayFailed, 0, failed);
        var local = Math.Clamp(observation.LocalOriginFailed, 0, failed - gateway);
        return new(
            Math.Max(0, observation.Succeeded), failed, gateway, local,
            Clamp(observation.TrailingFailures, failed),
            Clamp(observation.TrailingGatewayFailures, gateway),
            Clamp(observation.TrailingLocalOriginFailures, local));
    }

    /// <summary>Failures that were answers of the upstream.</summary>
    public long External => Failed - Local;

    /// <summary>Of these, those that are no gateway failures.</summary>
    public long OtherAnswers => External - Gateway;

    /// <summary>Something in the period ends a run of failures of any kind.</summary>
    public bool EndsRun => Succeeded > 0;

    /// <summary>Something in the period ends a run of gateway failures: a success, or a 5xx that is none.</summary>
    public bool EndsGatewayRun => Succeeded > 0 || OtherAnswers > 0;

    /// <summary>Something in the period ends a run of local-origin failures: any answer, good or bad.</summary>
    public bool EndsLocalRun => Succeeded > 0 || External > 0;

    /// <summary>The failures after whatever ended the run: all of them when nothing did; null when nobody knows.</summary>
    public long? AnyTail => EndsRun ? Tail : Failed;

    /// <summary>The same for gateway failures.</summary>
    public long? AnyGatewayTail => EndsGatewayRun ? GatewayTail : Gateway;

    /// <summary>The same for local-origin failures.</summary>
    public long? AnyLocalTail => EndsLocalRun ? LocalTail : Local;

    private static long? Clamp(long? tail, long most) => tail is { } value ? Math.Clamp(value, 0, most) : null;
}
