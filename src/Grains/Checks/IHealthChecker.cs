using Mesh.Core.Policies;

namespace Mesh.Grains.Checks;

/// <summary>
/// Checks an endpoint from outside: connects to it, asks, and judges the answer. It never throws: whatever goes wrong is a failed check
/// with a note, because an endpoint that cannot be reached is what it is there to find.
/// </summary>
public interface IHealthChecker
{
    /// <summary>Makes one check; it ends within <see cref="HealthCheck.Timeout"/>.</summary>
    /// <param name="check">How.</param>
    /// <param name="address">An IP address as text.</param>
    /// <param name="port">The endpoint's; <see cref="HealthCheck.Port"/> takes its place.</param>
    Task<CheckResult> Check(HealthCheck check, string address, int port);
}

/// <summary>How a check ended.</summary>
/// <param name="Passed">Whether the answer was the one that was expected.</param>
/// <param name="Note">What came instead, in a few words for people: <c>503</c>, <c>connection refused</c>, <c>no answer in 1s</c>; null when it passed.</param>
public readonly record struct CheckResult(bool Passed, string? Note)
{
    /// <summary>As expected.</summary>
    public static CheckResult Pass { get; } = new(true, null);

    /// <summary>Not as expected.</summary>
    public static CheckResult Fail(string note) => new(false, note);
}
