using Mesh.Bench.Verdicts.Processes;

namespace Mesh.Bench.Verdicts;

/// <summary>All points that can be measured. A new one is a class and a line here.</summary>
internal static class VerdictPoints
{
    public static IReadOnlyList<IVerdictPoint> All { get; } =
    [
        new OneFails(),
        new GrayFailure(),
        new CorrelatedFailure(),
        new UnequalBackends(),
        new RealProcesses(),
        new RealQueues(),
        new ActiveChecks(),
        new Explained(),
    ];
}
