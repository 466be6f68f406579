using System.Diagnostics;
using System.Diagnostics.Metrics;
using Mesh.Core.Policies;

namespace Mesh.Grains.Checks;

/// <summary>
/// Makes checks for all endpoints of the process: no more than <see cref="GrainSettings.ChecksUnderWay"/> at once, and counted.
/// </summary>
/// <remarks>
/// A check beyond the bound is skipped: it is neither passed nor failed, and the endpoint asks again at its next moment. Rejected: a queue. When
/// checks are slow because much is down, a queue would make those of the healthy late too, and time out what is well.
/// </remarks>
/// <param name="checker">Who makes them.</param>
/// <param name="settings">Of these the bound.</param>
public sealed class CheckRunner(IHealthChecker checker, GrainSettings settings)
{
    private static readonly Meter Meter = new("Mesh.Orleans");

    private static readonly Counter<long> Checks = Meter.CreateCounter<long>(
        "mesh_checks_total", description: "Active checks of endpoints, by service and result: passed, failed, or skipped because too many were under way.");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "mesh_check_duration_seconds", unit: "s", description: "How long active checks took, by result.");

    private int _underWay;

    /// <summary>Makes a check, off the caller's scheduler; null when it was skipped.</summary>
    public async Task<CheckResult?> Run(string service, HealthCheck check, string address, int port)
    {
        if (Interlocked.Increment(ref _underWay) > settings.ChecksUnderWay)
        {
            Interlocked.Decrement(ref _underWay);
            Count(service, "skipped");
            return null;
        }

        try
        {
            var start = Stopwatch.GetTimestamp();
            var result = await checker.Check(check, address, port).ConfigureAwait(false);
            var name = result.Passed ? "passed" : "failed";
            Count(service, name);
            Duration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("result", name));
            return result;
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>Makes a check beside the caller, which goes on at once, and tells its result; a check that was skipped tells nothing.</summary>
    public async Task RunAside(string service, HealthCheck check, string address, int port, Func<CheckResult, Task> tell)
    {
        try
        {
            if (await Run(service, check, address, port).ConfigureAwait(false) is { } result)
            {
                await tell(result).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The process is going down. A result that is lost is only late: the endpoint asks for another check.
        }
    }

    private static void Count(string service, string result) =>
        Checks.Add(1, new KeyValuePair<string, object?>("service", service), new KeyValuePair<string, object?>("result", result));
}
