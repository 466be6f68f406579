using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Tests.Outliers;

namespace Mesh.Core.Tests.Health;

/// <summary>Something that happens some time after what happened before.</summary>
internal sealed record Moment(TimeSpan After, EndpointEvent Happened, double Roll);

/// <summary>Random lives: sensible ones, and ones that no sane caller would lead.</summary>
internal static class Histories
{
    private static readonly Gen<long> AnyCount = Gen.Frequency(
        (6, Gen.Choose(0, 8).Select(i => (long)i)),
        (1, Gen.Elements(long.MaxValue, long.MinValue, -1L, 1_000_000_000_000L)));

    private static readonly Gen<EndpointObservation> AnyObservation =
        from counts in AnyCount.Four()
        from tails in AnyCount.Three()
        from known in Gen.Elements(true, false)
        select new EndpointObservation
        {
            EndpointId = "a",
            Succeeded = counts.Item1,
            Failed = counts.Item2,
            GatewayFailed = counts.Item3,
            LocalOriginFailed = counts.Item4,
            TrailingFailures = known ? tails.Item1 : null,
            TrailingGatewayFailures = known ? tails.Item2 : null,
            TrailingLocalOriginFailures = known ? tails.Item3 : null,
        };

    private static readonly Gen<TimeSpan> SaneSpan = Gen.Choose(0, 60_000).Select(ms => TimeSpan.FromMilliseconds(ms));

    private static readonly Gen<TimeSpan> AnySpan = Gen.Frequency(
        (6, SaneSpan), (1, Gen.Elements(TimeSpan.Zero, TimeSpan.MaxValue, TimeSpan.MinValue, TimeSpan.FromTicks(-1), TimeSpan.FromDays(40_000))));

    private static readonly Gen<EndpointEvent> AnyRegistration =
        from instance in Gen.Elements("one", "two", null)
        from lease in AnySpan.Zip(Gen.Elements(true, false))
        from weight in Gen.Elements(1, 2, 1000, -5, int.MaxValue)
        select (EndpointEvent)new Registered(Given.Spec(instance: instance, lease: lease.Item2 ? lease.Item1 : null) with { Weight = weight });

    private static readonly Gen<EndpointEvent> SaneTraffic = Sequence.OneEnding.ArrayOf()
        .Select(period => (EndpointEvent)new ObservationReceived(Sequence.Observe(period)));

    private static readonly Gen<EndpointEvent> AnyCheck = Gen.Elements<EndpointEvent>(
        new CheckEnded(true), new CheckEnded(false, "503"), new CheckEnded(false), new TrafficSeen(true), new TrafficSeen(false));

    private static readonly Gen<EndpointEvent> AnyVerdict = Gen.Elements(
            OutlierDetector.ActiveHealthCheck, OutlierDetector.ActiveHealthCheck, OutlierDetector.FailedProbe, OutlierDetector.Consecutive5xx)
        .Select(detector => (EndpointEvent)EjectionAllowed.For(new OutlierEvidence(detector, 5, 5)));

    private static readonly Gen<EndpointEvent> AnyEvent = Gen.Frequency(
        (6, AnyCheck),
        (2, AnyVerdict),
        (4, Gen.Constant<EndpointEvent>(new TimeElapsed())),
        (4, SaneTraffic),
        (2, AnyObservation.Select(o => (EndpointEvent)new ObservationReceived(o))),
        (2, AnySpan.Zip(Gen.Elements(true, false)).Select(d => (EndpointEvent)new EjectionAllowed("why", d.Item2 ? d.Item1 : null, Manual: false))),
        (1, AnySpan.Zip(Gen.Elements(true, false)).Select(d => (EndpointEvent)new EjectionAllowed("by hand", d.Item2 ? d.Item1 : null, Manual: true))),
        (1, Gen.Constant<EndpointEvent>(new EjectionRefused("full"))),
        (1, AnyRegistration),
        (1, Gen.Elements<EndpointEvent>(new LeaseRenewed(), new Recovered(), new Drained(), new Restored())));

    /// <summary>Anything at all, at any time, also backwards.</summary>
    public static readonly Gen<Moment[]> Any = Moments(AnySpan, AnyEvent);

    /// <summary>Anything at all, while time goes forward by less than a minute a step.</summary>
    public static readonly Gen<Moment[]> Forward = Moments(SaneSpan, AnyEvent);

    /// <summary>Traffic and time alone.</summary>
    public static readonly Gen<Moment[]> Traffic = Moments(
        SaneSpan, Gen.Frequency((3, SaneTraffic), (1, Gen.Constant<EndpointEvent>(new TimeElapsed()))));

    private static readonly Gen<Warmup?> AnyWarmup =
        from duration in AnySpan
        from minimum in Gen.Elements(10, 0, 100, -1, int.MaxValue)
        from aggression in Gen.Elements(100, 200, 0, int.MinValue, int.MaxValue)
        from wanted in Gen.Elements(true, false)
        select wanted ? new Warmup { Duration = duration, MinimumPercent = minimum, Aggression = aggression } : null;

    public static readonly Gen<TrafficPolicy> SanePolicy =
        from thresholds in Gen.Choose(0, 6).Three()
        from split in Gen.Elements(true, false)
        from times in Gen.Choose(1, 60).Three()
        from jitter in Gen.Choose(0, 10)
        select Given.Whole(new OutlierDetection
        {
            Consecutive5xx = thresholds.Item1,
            ConsecutiveGatewayFailure = thresholds.Item2,
            ConsecutiveLocalOriginFailure = thresholds.Item3,
            SplitExternalLocalOriginErrors = split,
            Interval = TimeSpan.FromSeconds(times.Item1),
            BaseEjectionTime = TimeSpan.FromSeconds(times.Item2),
            MaxEjectionTime = TimeSpan.FromSeconds(times.Item3),
            MaxEjectionTimeJitter = TimeSpan.FromSeconds(jitter),
        });

    /// <summary>A sane policy with checks.</summary>
    public static readonly Gen<TrafficPolicy> CheckedPolicy =
        from policy in SanePolicy
        from thresholds in Gen.Choose(1, 4).Two()
        from times in Gen.Choose(1, 20).Three()
        from unejects in Gen.Elements(true, false)
        select policy with
        {
            OutlierDetection = policy.OutlierDetection with { SuccessfulActiveHealthCheckUnejectHost = unejects },
            HealthCheck = new HealthCheck
            {
                UnhealthyThreshold = thresholds.Item1,
                HealthyThreshold = thresholds.Item2,
                Interval = TimeSpan.FromSeconds(times.Item1),
                NoTrafficInterval = TimeSpan.FromSeconds(times.Item1 + times.Item2),
                Timeout = TimeSpan.FromSeconds(times.Item3),
            },
            Warmup = times.Item3 > 10 ? new Warmup { Duration = TimeSpan.FromSeconds(times.Item2) } : null,
        };

    /// <summary>A policy with figures that no reader of documents lets through.</summary>
    public static readonly Gen<TrafficPolicy> AnyPolicy = Gen.Frequency(
        (3, SanePolicy),
        (3, CheckedPolicy),
        (2, from policy in SanePolicy
            from spans in AnySpan.Three()
            from threshold in Gen.Elements(int.MinValue, 0, 1, int.MaxValue)
            from warmup in AnyWarmup
            select policy with
            {
                Warmup = warmup,
                HealthCheck = new HealthCheck
                {
                    Interval = spans.Item1,
                    NoTrafficInterval = spans.Item2,
                    Timeout = spans.Item3,
                    HealthyThreshold = threshold,
                    UnhealthyThreshold = threshold,
                },
            }),
        (1, from spans in AnySpan.Four()
            from threshold in Gen.Elements(int.MinValue, -1, 1, int.MaxValue)
            select Given.Whole(new OutlierDetection
            {
                Consecutive5xx = threshold,
                Interval = spans.Item1,
                BaseEjectionTime = spans.Item2,
                MaxEjectionTime = spans.Item3,
                MaxEjectionTimeJitter = spans.Item4,
            })));

    /// <summary>Leads a life; calls back after each step with the state before, the moment, the time and the step.</summary>
    public static EndpointState Lead(
        TrafficPolicy policy,
        IEnumerable<Moment> moments,
        Action<EndpointState, Moment, DateTimeOffset, EndpointStep>? afterwards = null)
    {
        var (state, now) = (Given.Endpoint(TimeSpan.FromSeconds(30)), Given.Start);
        foreach (var moment in moments)
        {
            now = Shift(now, moment.After);
            var step = EndpointMachine.Step(state, moment.Happened, policy, now, moment.Roll);
            afterwards?.Invoke(state, moment, now, step);
            state = step.State!;
        }

        return state;
    }

    /// <summary>Time as far as it goes, in both directions.</summary>
    private static DateTimeOffset Shift(DateTimeOffset now, TimeSpan by) =>
        new((long)Int128.Clamp((Int128)now.UtcTicks + by.Ticks, DateTimeOffset.MinValue.UtcTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);

    private static Gen<Moment[]> Moments(Gen<TimeSpan> spans, Gen<EndpointEvent> events) => (
        from span in spans
        from happened in events
        from roll in Gen.Elements(0, 0.25, 0.999)
        select new Moment(span, happened, roll)).ArrayOf();
}
