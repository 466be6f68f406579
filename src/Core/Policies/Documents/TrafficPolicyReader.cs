namespace Mesh.Core.Policies.Documents;

/// <summary>Reads <c>spec.trafficPolicy</c>. What is not written keeps the default of <see cref="TrafficPolicy"/>.</summary>
internal static class TrafficPolicyReader
{
    private static readonly FieldTable Fields = new(
        ["loadBalancer", "outlierDetection", "connectionPool"],
        ["tls", "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"],
        []);

    public static TrafficPolicy Read(Node node, ProblemList problems)
    {
        var fields = Fields.Read(node, problems);
        var policy = fields.TryGetValue("loadBalancer", out var balancer)
            ? LoadBalancerReader.Read(balancer, TrafficPolicy.Default, problems)
            : TrafficPolicy.Default;
        return policy with
        {
            OutlierDetection = fields.TryGetValue("outlierDetection", out var outliers)
                ? OutlierDetectionReader.Read(outliers, problems)
                : policy.OutlierDetection,
            ConnectionPool = fields.TryGetValue("connectionPool", out var pool)
                ? ConnectionPoolReader.Read(pool, problems)
                : policy.ConnectionPool,
        };
    }
}
