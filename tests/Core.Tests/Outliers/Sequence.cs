using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Outliers;

namespace Mesh.Core.Tests.Outliers;

/// <summary>How one request ended.</summary>
internal enum Ending
{
    Success,
    Other5xx,
    Gateway,
    Local,
}

/// <summary>Requests in the order in which they ended, cut into periods: what really happened, before anybody summed it up.</summary>
internal static class Sequence
{
    public static readonly Gen<Ending> OneEnding = Gen.Frequency(
        (2, Gen.Constant(Ending.Success)),
        (2, Gen.Constant(Ending.Other5xx)),
        (2, Gen.Constant(Ending.Gateway)),
        (2, Gen.Constant(Ending.Local)));

    public static readonly Gen<Ending[][]> Periods = OneEnding.ArrayOf().ArrayOf();

    /// <summary>What a proxy that knows the order says of a period.</summary>
    public static EndpointObservation Observe(IReadOnlyCollection<Ending> period)
    {
        var reversed = period.Reverse().ToArray();
        return new()
        {
            EndpointId = "a",
            Succeeded = period.Count(e => e == Ending.Success),
            Failed = period.Count(e => e != Ending.Success),
            GatewayFailed = period.Count(e => e == Ending.Gateway),
            LocalOriginFailed = period.Count(e => e == Ending.Local),
            TrailingFailures = reversed.TakeWhile(e => e != Ending.Success).Count(),
            TrailingGatewayFailures = reversed.TakeWhile(e => e is Ending.Gateway or Ending.Local).Count(e => e == Ending.Gateway),
            TrailingLocalOriginFailures = reversed.TakeWhile(e => e == Ending.Local).Count(),
        };
    }

    /// <summary>What a plain load report says of it: the sums alone.</summary>
    public static EndpointObservation ObserveWithoutOrder(IReadOnlyCollection<Ending> period) => Observe(period) with
    {
        TrailingFailures = null,
        TrailingGatewayFailures = null,
        TrailingLocalOriginFailures = null,
    };

    /// <summary>The stupid way: one request after the other, as Envoy's monitor counts, with an if for everything.</summary>
    public static FailureRuns Count(IEnumerable<Ending> endings, bool split)
    {
        var (any, gateway, local) = (0, 0, 0);
        foreach (var ending in endings)
        {
            if (ending == Ending.Success)
            {
                any = 0;
                gateway = 0;
                local = 0;
            }

            if (ending == Ending.Other5xx)
            {
                any++;
                gateway = 0;
                local = 0;
            }

            if (ending == Ending.Gateway)
            {
                any++;
                gateway++;
                local = 0;
            }

            if (ending == Ending.Local)
            {
                local++;
                if (!split)
                {
                    any++;
                    gateway++;
                }
            }
        }

        return new(any, gateway, local);
    }

    public static FailureRuns Advance(this FailureRuns runs, IEnumerable<EndpointObservation> observations, bool split) =>
        observations.Aggregate(runs, (sofar, observation) => sofar.Advance(observation, split));

    public static bool AtMost(this FailureRuns left, FailureRuns right) =>
        left.Consecutive5xx <= right.Consecutive5xx
        && left.ConsecutiveGatewayFailure <= right.ConsecutiveGatewayFailure
        && left.ConsecutiveLocalOriginFailure <= right.ConsecutiveLocalOriginFailure;
}
