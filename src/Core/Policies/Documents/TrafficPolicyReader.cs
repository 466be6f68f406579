namespace Mesh.Core.Policies.Documents;

/// <summary>Reads <c>spec.trafficPolicy</c>. What is not written keeps the default of <see cref="TrafficPolicy"/>.</summary>
internal static class TrafficPolicyReader
{
    private static readonly FieldTable Fields = new(
        ["loadBalancer", "outlierDetection", "connectionPool", "healthCheck"],
        ["tls", "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"],
        []);

    public static TrafficPolicy Read(Node node, ProblemList problems)
    {
        var fields = Fields.Read(node, problems);
        var policy = fields.TryGetValue("loadBalancer", out var balancer)
            ? LoadBalancerReader.Read(balancer, TrafficPolicy.Default, problems)
            : TrafficPolicy.Default;
        var check = fields.TryGetValue("healthCheck", out var checkNode) ? HealthCheckReader.Read(checkNode, problems) : null;
        return policy with
        {
            HealthCheck = check,
            OutlierDetection = fields.TryGetValue("outlierDetection", out var outliers)
                ? OutlierDetectionReader.Read(outliers, check is not null, problems)
                : policy.OutlierDetection,
            ConnectionPool = fields.TryGetValue("connectionPool", out var pool)
                ? ConnectionPoolReader.Read(pool, problems)
                : policy.ConnectionPool,
        };
    }
}
