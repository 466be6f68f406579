using Mesh.Core.Outliers;

namespace Mesh.Core.Health;

/// <summary>Counts a service's endpoints for the ejection budget.</summary>
public static class Tally
{
    /// <summary>Expired and draining endpoints leave anyway and are no hosts; a probing one is a host that is not ejected, and keeps its place.</summary>
    public static EjectionTally Of(IEnumerable<HealthStatus> statuses)
    {
        var (hosts, ejected, probing) = (0, 0, 0);
        foreach (var status in statuses)
        {
            hosts += status is HealthStatus.Draining or HealthStatus.Expired ? 0 : 1;
            ejected += status is HealthStatus.Ejected ? 1 : 0;
            probing += status is HealthStatus.Probing ? 1 : 0;
        }

        return new(hosts, ejected) { Probing = probing };
    }
}
