using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts;

namespace Mesh.Core.Tests.Verdicts;

/// <summary>
/// Proxies as they are: each sends its own requests, reports a failure at once with what it had counted of that endpoint until then, and the rest once in a second, at a
/// moment of its own. So failures are heard of before the successes around them.
/// </summary>
internal sealed class EagerProxies(int endpoints, int proxies, double requestsPerSecond, OutlierDetection policy, int seed)
{
    private readonly Random _random = new(seed);
    private readonly long[,] _succeeded = new long[endpoints, proxies];

    public ServiceJudge Judge { get; } = new();

    public double Seconds { get; private set; }

    /// <summary>The failure rate of each; those below 0 get no requests.</summary>
    public double[] Rates { get; } = [.. Enumerable.Repeat(0.01, endpoints)];

    /// <summary>Goes on for a hundredth of a second; whom anybody proposes.</summary>
    public List<EjectionProposal> Go()
    {
        Seconds += 0.01;
        var now = Given.At(Seconds);
        var proposals = new List<EjectionProposal>();
        if (Judge.SweepDue(policy) <= now)
        {
            proposals.AddRange(Judge.Sweep(policy, _ => true));
        }

        var share = requestsPerSecond * 0.01;
        for (var endpoint = 0; endpoint < endpoints; endpoint++)
        {
            var requests = Rates[endpoint] < 0 ? 0 : (int)share + (_random.NextDouble() < share % 1 ? 1 : 0);
            for (; requests > 0; requests--)
            {
                var proxy = _random.Next(proxies);
                if (_random.NextDouble() >= Rates[endpoint])
                {
                    _succeeded[endpoint, proxy]++;
                }
                else
                {
                    proposals.AddRange(Report(endpoint, proxy, 1, now));
                }
            }
        }

        var tick = (int)Math.Round(Seconds * 100) % 100;
        for (var proxy = tick; proxy < proxies; proxy += 100)
        {
            for (var endpoint = 0; endpoint < endpoints; endpoint++)
            {
                proposals.AddRange(Report(endpoint, proxy, 0, now));
            }
        }

        return proposals;
    }

    private ImmutableArray<EjectionProposal> Report(int endpoint, int proxy, long failed, DateTimeOffset now)
    {
        var seen = new EndpointObservation { EndpointId = $"e{endpoint:00}", Succeeded = _succeeded[endpoint, proxy], Failed = failed };
        _succeeded[endpoint, proxy] = 0;
        return Judge.Observe([seen], policy, now);
    }
}
