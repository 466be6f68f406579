using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;

namespace Mesh.Core.Tests;

/// <summary>Small makers of values, so that a test says only what matters to it.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly OutlierDetection Policy = new();

    /// <summary>A policy of nothing but outlier detection.</summary>
    public static TrafficPolicy Whole(this OutlierDetection outliers) => new() { OutlierDetection = outliers };

    /// <summary>For tests to which slow start does not matter.</summary>
    public static readonly Warmup NoWarmup = new() { Duration = TimeSpan.Zero };

    public static DateTimeOffset At(double seconds) => Start + TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    public static EndpointSpec Spec(string id = "a", string? instance = "one", TimeSpan? lease = null) =>
        new() { Id = id, Address = "10.0.0.1", Port = 8080, InstanceId = instance, Lease = lease };

    public static EndpointState Endpoint(TimeSpan? lease = null) =>
        EndpointMachine.Step(null, new Registered(Spec(lease: lease)), Policy.Whole(), Start, 0).State!;

    public static EndpointObservation Failures(long count, long gateway = 0, long local = 0) =>
        new() { EndpointId = "a", Failed = count, GatewayFailed = gateway, LocalOriginFailed = local };

    public static EndpointObservation Successes(long count) => new() { EndpointId = "a", Succeeded = count };

    public static EndpointObservation Seen(long succeeded, long failed, long? trailing) =>
        new() { EndpointId = "a", Succeeded = succeeded, Failed = failed, TrailingFailures = trailing };

    public static EndpointSnapshot Snapshot(string id = "a", HealthStatus status = HealthStatus.Healthy) =>
        new() { Id = id, Address = "10.0.0.1", Port = 8080, Weight = 100, Status = status };
}

/// <summary>An endpoint that is led through its life, one event after the other.</summary>
internal sealed class Life(TrafficPolicy? policy = null, TimeSpan? lease = null)
{
    public Life(OutlierDetection outliers)
        : this(outliers.Whole())
    {
    }

    public TrafficPolicy Policy { get; } = policy ?? Given.Policy.Whole();

    public EndpointState State { get; private set; } = Given.Endpoint(lease);

    public EndpointStep Last { get; private set; } = new(null, []);

    public HealthStatus Status => State.Status;

    /// <summary>When the last thing happened, in seconds.</summary>
    public double Now { get; private set; }

    public EndpointStep On(EndpointEvent happened, double at = 0, double roll = 0)
    {
        Now = at;
        Last = EndpointMachine.Step(State, happened, Policy, Given.At(at), roll);
        State = Last.State!;
        return Last;
    }

    public EndpointStep Sees(EndpointObservation observation, double at = 0) => On(new ObservationReceived(observation), at);

    /// <summary>Tells it the time whenever it wants to know, until it asks for a check; then ends that at once.</summary>
    public EndpointStep Checked(bool passed, string? note = null)
    {
        ToCheck();
        return On(new CheckEnded(passed, note), Now);
    }

    /// <summary>Tells it the time whenever it wants to know, until it asks for a check.</summary>
    public RunCheck ToCheck()
    {
        for (var calls = 0; calls < 1000; calls++)
        {
            var when = Last.Find<WakeAt>()?.When ?? Given.At(Now);
            if (On(new TimeElapsed(), (when - Given.Start).TotalSeconds).Find<RunCheck>() is { } run)
            {
                return run;
            }
        }

        throw new InvalidOperationException("It never asks for a check.");
    }

    public Life Ejected(double at = 0, TimeSpan? duration = null)
    {
        On(new EjectionAllowed("5 consecutive 5xx", duration), at);
        return this;
    }

    /// <summary>Ejects it and lets the ejection end.</summary>
    public Life Probing(double at = 0)
    {
        Ejected(at);
        On(new TimeElapsed(), (State.Ejection!.Until!.Value - Given.Start).TotalSeconds);
        return this;
    }
}
