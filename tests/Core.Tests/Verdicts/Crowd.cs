using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts;

namespace Mesh.Core.Tests.Verdicts;

/// <summary>Endpoints under a judge that fail at random, from a seed; reports come at a fixed pace.</summary>
internal sealed class Crowd(int endpoints, int perReport, TimeSpan pace, OutlierDetection policy, int seed = 1)
{
    private readonly Random _random = new(seed);

    public ServiceJudge Judge { get; } = new();

    public DateTimeOffset Now { get; private set; } = Given.Start;

    /// <summary>The failure rate of each.</summary>
    public double[] Rates { get; } = [.. Enumerable.Repeat(0.01, endpoints)];

    /// <summary>One report; whom the sequential test proposes, and at the end of an interval the others too.</summary>
    public List<EjectionProposal> Report()
    {
        Now += pace;
        var proposals = new List<EjectionProposal>();
        if (Judge.SweepDue(policy) <= Now)
        {
            proposals.AddRange(Judge.Sweep(policy, _ => true));
        }

        proposals.AddRange(Judge.Observe([.. Enumerable.Range(0, endpoints).Select(Observe)], policy, Now));
        return proposals;
    }

    private EndpointObservation Observe(int endpoint)
    {
        var failed = Binomial(perReport, Rates[endpoint]);
        return new() { EndpointId = $"e{endpoint:00}", Succeeded = perReport - failed, Failed = failed };
    }

    private int Binomial(int n, double p)
    {
        if (p >= 1)
        {
            return n;
        }

        // By leaps from one failure to the next.
        var (count, at) = (0, 0.0);
        while (p > 0)
        {
            at += Math.Floor(Math.Log(1 - _random.NextDouble()) / Math.Log(1 - p)) + 1;
            if (at > n)
            {
                break;
            }

            count++;
        }

        return count;
    }
}
