using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Policies;

public class AcceptedDocumentTests
{
    [Fact]
    public void A_whole_rule_as_istio_users_write_it_means_what_it_says()
    {
        var compiled = DestinationRuleCompiler.Compile("""
            {
              "apiVersion": "networking.istio.io/v1beta1",
              "kind": "DestinationRule",
              "metadata": {
                "name": "reviews-cb-policy",
                "namespace": "bookinfo",
                "labels": { "team": "a", "any.thing/here": "1" },
                "annotations": { "note": "ignored" }
              },
              "spec": {
                "host": "reviews.prod.svc.cluster.local",
                "trafficPolicy": {
                  "loadBalancer": { "simple": "ROUND_ROBIN" },
                  "connectionPool": {
                    "tcp": { "maxConnections": 100, "connectTimeout": "30ms" },
                    "http": { "http1MaxPendingRequests": 10, "http2MaxRequests": 1000, "maxRequestsPerConnection": 10, "maxRetries": 7 }
                  },
                  "outlierDetection": {
                    "splitExternalLocalOriginErrors": true,
                    "consecutiveLocalOriginFailures": 4,
                    "consecutiveGatewayErrors": 6,
                    "consecutive5xxErrors": 7,
                    "interval": "5m",
                    "baseEjectionTime": "15m",
                    "maxEjectionPercent": 50,
                    "minHealthPercent": 30
                  }
                }
              }
            }
            """).Value;
        Assert.Equal(
            new CompiledPolicy(
                "DestinationRule",
                "bookinfo",
                "reviews-cb-policy",
                new ServiceId("prod", "reviews"),
                new PolicyPart(Traffic: new TrafficPolicy
                {
                    LoadBalancer = LoadBalancerAlgorithm.RoundRobin,
                    ConnectionPool = new()
                    {
                        MaxConnections = 100,
                        ConnectTimeout = TimeSpan.FromMilliseconds(30),
                        Http1MaxPendingRequests = 10,
                        Http2MaxRequests = 1000,
                        MaxRequestsPerConnection = 10,
                        MaxRetries = 7,
                    },
                    OutlierDetection = new()
                    {
                        SplitExternalLocalOriginErrors = true,
                        ConsecutiveLocalOriginFailure = 4,
                        ConsecutiveGatewayFailure = 6,
                        Consecutive5xx = 7,
                        Interval = TimeSpan.FromMinutes(5),
                        BaseEjectionTime = TimeSpan.FromMinutes(15),
                        MaxEjectionTime = TimeSpan.FromMinutes(15),
                        MaxEjectionPercent = 50,
                        MinHealthPercent = 30,
                    },
                })),
            compiled);
    }

    [Fact]
    public void What_is_not_written_keeps_its_default()
    {
        Assert.Equal(TrafficPolicy.Default, Documents.Accepted("{}"));
        Assert.Equal(TrafficPolicy.Default, Documents.Accepted("""{"outlierDetection": {}, "connectionPool": {"tcp": {}, "http": {}}, "loadBalancer": {}}"""));
        Assert.Equal(TrafficPolicy.Default, Documents.Accepted("""{"tls": null, "loadBalancer": null, "outlierDetection": {"interval": null}}"""));
    }

    [Fact]
    public void A_rule_without_a_traffic_policy_or_a_namespace_is_right()
    {
        var compiled = DestinationRuleCompiler.Compile(
            """{"apiVersion":"networking.istio.io/v1alpha3","kind":"DestinationRule","metadata":{"name":"a"},"spec":{"host":"greeter"}}""").Value!;
        Assert.Equal(new ServiceId("default", "greeter"), compiled.Host);
        Assert.Equal("default", compiled.Namespace);
        Assert.Equal(TrafficPolicy.Default, compiled.Part.Traffic);
    }

    [Theory]
    [InlineData("greeter", "shop/greeter")]
    [InlineData("GREETER", "shop/greeter")]
    [InlineData("greeter.example", "shop/greeter.example")]
    [InlineData("greeter.other.mesh", "other/greeter")]
    [InlineData("greeter.other.svc.cluster.local", "other/greeter")]
    public void A_host_is_looked_for_in_the_documents_namespace(string host, string service) =>
        Assert.Equal(service, DestinationRuleCompiler.Compile(Documents.Rule(host: host)).Value!.Host.ToString());

    [Theory]
    [InlineData("UNSPECIFIED", LoadBalancerAlgorithm.LeastRequest)]
    [InlineData("LEAST_REQUEST", LoadBalancerAlgorithm.LeastRequest)]
    [InlineData("LEAST_CONN", LoadBalancerAlgorithm.LeastRequest)]
    [InlineData("ROUND_ROBIN", LoadBalancerAlgorithm.RoundRobin)]
    [InlineData("RANDOM", LoadBalancerAlgorithm.Random)]
    public void Simple_algorithms_have_istios_names(string name, LoadBalancerAlgorithm algorithm)
    {
        var policy = Documents.Balancer($$"""{"simple": "{{name}}"}""");
        Assert.Equal(algorithm, policy.LoadBalancer);
        Assert.Null(policy.ConsistentHash);
    }

    [Theory]
    [InlineData("""{"httpHeaderName": "x-user"}""", "x-user", false, 1024)]
    [InlineData("""{"useSourceIp": true}""", null, true, 1024)]
    [InlineData("""{"httpHeaderName": "x-user", "useSourceIp": false}""", "x-user", false, 1024)]
    [InlineData("""{"useSourceIp": true, "ringHash": {"minimumRingSize": 64}}""", null, true, 64)]
    [InlineData("""{"useSourceIp": true, "minimumRingSize": "8388608"}""", null, true, 8388608)]
    [InlineData("""{"useSourceIp": true, "minimumRingSize": 0}""", null, true, 1024)]
    [InlineData("""{"useSourceIp": true, "ringHash": {}}""", null, true, 1024)]
    public void A_consistent_hash_is_a_ring(string fields, string? header, bool sourceIp, int ring)
    {
        var policy = Documents.Balancer($$"""{"consistentHash": {{fields}}}""");
        Assert.Equal(LoadBalancerAlgorithm.RingHash, policy.LoadBalancer);
        Assert.Equal(new ConsistentHash { HttpHeaderName = header, UseSourceIp = sourceIp, MinimumRingSize = ring }, policy.ConsistentHash);
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("0", 0)]
    [InlineData("\"7\"", 7)]
    [InlineData("5.0", 5)]
    [InlineData("1e2", 100)]
    [InlineData("1000000", 1000000)]
    public void Whole_numbers_may_be_written_as_protobufs_json_allows(string written, int meant) =>
        Assert.Equal(meant, Documents.Outliers($$"""{"consecutive5xxErrors": {{written}}}""").Consecutive5xx);

    [Fact]
    public void The_old_consecutive_errors_means_gateway_errors_alone()
    {
        var outliers = Documents.Outliers("""{"consecutiveErrors": 3}""");
        Assert.Equal((3, 0), (outliers.ConsecutiveGatewayFailure, outliers.Consecutive5xx));
        outliers = Documents.Outliers("""{"consecutiveErrors": 3, "consecutive5xxErrors": 9}""");
        Assert.Equal((3, 9), (outliers.ConsecutiveGatewayFailure, outliers.Consecutive5xx));
        outliers = Documents.Outliers("""{"consecutiveErrors": 0}""");
        Assert.Equal((0, 5), (outliers.ConsecutiveGatewayFailure, outliers.Consecutive5xx));
    }

    [Fact]
    public void A_limit_of_zero_is_one_that_is_not_set()
    {
        Assert.Equal(
            new ConnectionPool(),
            Documents.Pool("""
                {"tcp": {"maxConnections": 0},
                 "http": {"http1MaxPendingRequests": 0, "http2MaxRequests": 0, "maxRequestsPerConnection": 0, "maxRetries": 0}}
                """));
        Assert.Equal(int.MaxValue, Documents.Pool("""{"tcp": {"maxConnections": 2147483647}}""").MaxConnections);
    }

    [Fact]
    public void The_longest_ejection_is_at_least_the_base()
    {
        Assert.Equal(TimeSpan.FromSeconds(300), Documents.Outliers("""{"baseEjectionTime": "299s"}""").MaxEjectionTime);
        Assert.Equal(TimeSpan.FromSeconds(301), Documents.Outliers("""{"baseEjectionTime": "301s"}""").MaxEjectionTime);
    }

    [Fact]
    public void In_force_a_policy_names_its_document_and_version()
    {
        var compiled = DestinationRuleCompiler.Compile(Documents.Rule()).Value!;
        Assert.Null(compiled.Part.Traffic!.Source);
        Assert.Equal("DestinationRule/shop/greeter@7", compiled.AtVersion(7).Traffic!.Source);
    }

    [Fact]
    public void Range_ends_are_allowed()
    {
        var outliers = Documents.Outliers("""{"interval": "1ms", "baseEjectionTime": "24h", "maxEjectionPercent": 100, "minHealthPercent": 0}""");
        Assert.Equal((TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), 100, 0), (outliers.Interval, outliers.BaseEjectionTime, outliers.MaxEjectionPercent, outliers.MinHealthPercent));
        Assert.Equal(TimeSpan.FromHours(1), Documents.Pool("""{"tcp": {"connectTimeout": "1h"}}""").ConnectTimeout);
        Assert.Equal(TimeSpan.FromMilliseconds(1), Documents.Pool("""{"tcp": {"connectTimeout": "1ms"}}""").ConnectTimeout);
    }
}
