using System.Collections.Immutable;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Policies;

public class CompilerProperties
{
    private static readonly Gen<ConsistentHash?> AnyHash = Gen.Elements<ConsistentHash?>(
        null,
        new() { UseSourceIp = true },
        new() { HttpHeaderName = "x-user", MinimumRingSize = 1 },
        new() { HttpHeaderName = "x-user", MinimumRingSize = 8388608 });

    private static readonly Gen<OutlierDetection> AnyOutliers =
        from counts in Gen.Choose(0, 1_000_000).Three()
        from split in Gen.Elements(true, false)
        from milliseconds in Gen.Choose(1, 86_400_000).Two()
        from percents in Gen.Choose(0, 100).Two()
        select new OutlierDetection
        {
            Consecutive5xx = counts.Item1,
            ConsecutiveGatewayFailure = counts.Item2,
            ConsecutiveLocalOriginFailure = split ? counts.Item3 : 5,
            SplitExternalLocalOriginErrors = split,
            Interval = TimeSpan.FromMilliseconds(milliseconds.Item1),
            BaseEjectionTime = TimeSpan.FromMilliseconds(milliseconds.Item2),
            MaxEjectionTime = TimeSpan.FromMilliseconds(Math.Max(milliseconds.Item2, 300_000)),
            MaxEjectionPercent = percents.Item1,
            MinHealthPercent = percents.Item2,
        };

    private static readonly Gen<HealthCheck?> AnyCheck =
        from protocol in Gen.Elements<HealthCheckProtocol?>(null, HealthCheckProtocol.Http, HealthCheckProtocol.Tcp, HealthCheckProtocol.Grpc)
        from milliseconds in Gen.Choose(100, 3_600_000)
        from thresholds in Gen.Choose(1, 1000).Two()
        select protocol is not { } speaks ? null : new HealthCheck
        {
            Protocol = speaks,
            Path = speaks == HealthCheckProtocol.Http ? "/ready?x=1" : "/",
            Host = speaks == HealthCheckProtocol.Tcp ? null : "greeter.shop",
            ExpectedStatusFrom = speaks == HealthCheckProtocol.Http ? 201 : 200,
            GrpcServiceName = speaks == HealthCheckProtocol.Grpc ? "shop.Greeter" : "",
            Port = 9000,
            Interval = TimeSpan.FromMilliseconds(milliseconds),
            Timeout = TimeSpan.FromMilliseconds(Math.Max(10, milliseconds / 2)),
            UnhealthyThreshold = thresholds.Item1,
            HealthyThreshold = thresholds.Item2,
            NoTrafficInterval = TimeSpan.FromMilliseconds(milliseconds),
        };

    private static readonly Gen<LocalityLbSetting?> AnySetting = Gen.Elements<LocalityLbSetting?>(
        null,
        new(),
        new() { Failover = [new("eu", "us"), new("us", "asia")] },
        new() { FailoverPriority = ["topology.kubernetes.io/region", "version=v1"] },
        new() { Distribute = [new("eu/*", ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal).Add("eu/a", 30).Add("us/*", 70))] });

    private static readonly Gen<TrafficPolicy> AnyPolicy =
        from algorithm in Gen.Elements(LoadBalancerAlgorithm.RoundRobin, LoadBalancerAlgorithm.LeastRequest, LoadBalancerAlgorithm.Random)
        from hash in AnyHash
        from outliers in AnyOutliers
        from limits in Gen.Choose(1, int.MaxValue).Four()
        from timeout in Gen.Choose(1, 3_600_000)
        from check in AnyCheck
        from setting in AnySetting
        from percents in Gen.Choose(1, 100).Four()
        select new TrafficPolicy
        {
            HealthCheck = check,
            Warmup = percents.Item1 > 50 ? null : new() { Duration = TimeSpan.FromMilliseconds(timeout), MinimumPercent = percents.Item1, Aggression = 100 + percents.Item2 },
            AdaptiveWeights = hash is not null || percents.Item2 > 50 ? null : new()
            {
                MinimumPercent = percents.Item1,
                MaximumPercent = 100 + percents.Item2,
                MaximumStepPercent = percents.Item3,
                HysteresisPercent = percents.Item4,
                Interval = TimeSpan.FromMilliseconds(100 + percents.Item1),
            },
            LocalityLbSetting = setting,
            LoadBalancer = hash is null ? algorithm : LoadBalancerAlgorithm.RingHash,
            ConsistentHash = hash,
            OutlierDetection = outliers,
            ConnectionPool = new()
            {
                MaxConnections = limits.Item1,
                Http1MaxPendingRequests = limits.Item2,
                Http2MaxRequests = limits.Item3,
                MaxRetries = limits.Item4,
                MaxRequestsPerConnection = limits.Item1,
                ConnectTimeout = TimeSpan.FromMilliseconds(timeout),
            },
        };

    [Fact]
    public void A_policy_written_as_a_document_compiles_to_itself() =>
        Properties.Hold(AnyPolicy, policy => Assert.Equal(policy, Documents.Accepted(Write(policy))));

    [Fact]
    public void A_document_with_a_hole_or_a_splinter_in_it_is_answered_and_never_thrown_at() => Properties.Hold(
        AnyPolicy.Zip(Gen.Choose(0, 2000)).Zip(Gen.Elements("", "{", "]", "\"", "\\", ",", "\0", "\\ud800", "\ud800", "é", "1e999", "null", "[[[", "😀")),
        given =>
        {
            var ((policy, at), splinter) = given;
            var json = Documents.Rule(Write(policy));
            var broken = json[..(at % json.Length)] + splinter + json[(at % json.Length + (splinter.Length == 0 ? 1 : 0))..];
            var outcome = DestinationRuleCompiler.Compile(broken);
            Assert.Equal(outcome.Ok, outcome.Value is not null);
        },
        cases: 3000);

    [Fact]
    public void Any_text_at_all_is_answered() => Properties.Hold(
        ArbMap.Default.GeneratorFor<string>(), text => Assert.False(DestinationRuleCompiler.Compile(text ?? "").Ok));

    private static string Write(TrafficPolicy policy)
    {
        var (outliers, pool) = (policy.OutlierDetection, policy.ConnectionPool);
        var local = outliers.SplitExternalLocalOriginErrors ? $"\"consecutiveLocalOriginFailures\": {outliers.ConsecutiveLocalOriginFailure}," : "";
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {
              "loadBalancer": {{{Balancer(policy)}}{{Weights(policy)}} },{{Check(policy.HealthCheck)}}
              "outlierDetection": {
                "splitExternalLocalOriginErrors": {{(outliers.SplitExternalLocalOriginErrors ? "true" : "false")}}, {{local}}
                "consecutive5xxErrors": {{outliers.Consecutive5xx}},
                "consecutiveGatewayErrors": {{outliers.ConsecutiveGatewayFailure}},
                "interval": "{{DurationText.Format(outliers.Interval)}}",
                "baseEjectionTime": "{{outliers.BaseEjectionTime.TotalSeconds}}s",
                "maxEjectionPercent": {{outliers.MaxEjectionPercent}},
                "minHealthPercent": {{outliers.MinHealthPercent}}
              },
              "connectionPool": {
                "tcp": { "maxConnections": {{pool.MaxConnections}}, "connectTimeout": "{{DurationText.Format(pool.ConnectTimeout)}}" },
                "http": {
                  "http1MaxPendingRequests": {{pool.Http1MaxPendingRequests}}, "http2MaxRequests": {{pool.Http2MaxRequests}},
                  "maxRequestsPerConnection": {{pool.MaxRequestsPerConnection}}, "maxRetries": {{pool.MaxRetries}}
                }
              }
            }
            """);
    }

    private static string Balancer(TrafficPolicy policy) => policy switch
    {
        { ConsistentHash: { UseSourceIp: true } hash } =>
            $$$""" "consistentHash": { "useSourceIp": true, "ringHash": { "minimumRingSize": {{{hash.MinimumRingSize}}} } }""",
        { ConsistentHash: { } hash } =>
            $$$""" "consistentHash": { "httpHeaderName": "{{{hash.HttpHeaderName}}}", "minimumRingSize": {{{hash.MinimumRingSize}}} }""",
        { LoadBalancer: LoadBalancerAlgorithm.RoundRobin } => """ "simple": "ROUND_ROBIN" """,
        { LoadBalancer: LoadBalancerAlgorithm.Random } => """ "simple": "RANDOM" """,
        _ => """ "simple": "LEAST_REQUEST" """,
    };

    private static string Weights(TrafficPolicy policy)
    {
        var warmup = policy.Warmup is { } w
            ? string.Create(CultureInfo.InvariantCulture, $$""", "warmup": { "duration": "{{DurationText.Format(w.Duration)}}", "minimumPercent": {{w.MinimumPercent}}, "aggression": {{w.Aggression / 100m}} }""")
            : "";
        var adaptive = policy.AdaptiveWeights is { } a
            ? $$"""
                , "adaptiveWeights": { "minimumPercent": {{a.MinimumPercent}}, "maximumPercent": {{a.MaximumPercent}}, "maximumStepPercent": {{a.MaximumStepPercent}},
                  "hysteresisPercent": {{a.HysteresisPercent}}, "interval": "{{DurationText.Format(a.Interval)}}" }
                """
            : "";
        return warmup + adaptive + (policy.LocalityLbSetting is { } setting ? $""", "localityLbSetting": {Locality(setting)}""" : "");
    }

    private static string Locality(LocalityLbSetting setting) => setting switch
    {
        { Distribute: [var rule] } => $$"""{ "distribute": [{ "from": "{{rule.From}}", "to": { {{string.Join(", ", rule.To.Select(to => $"\"{to.Key}\": {to.Value}"))}} } }] }""",
        { Failover.IsEmpty: false } => $$"""{ "failover": [{{string.Join(", ", setting.Failover.Select(f => $$"""{ "from": "{{f.From}}", "to": "{{f.To}}" }"""))}}] }""",
        { FailoverPriority.IsEmpty: false } => $$"""{ "failoverPriority": [{{string.Join(", ", setting.FailoverPriority.Select(l => $"\"{l}\""))}}], "enabled": true }""",
        _ => "{}",
    };

    private static string Check(HealthCheck? check)
    {
        if (check is null)
        {
            return "";
        }

        var protocol = check.Protocol switch
        {
            HealthCheckProtocol.Http => $$$""" "httpHealthCheck": { "path": "{{{check.Path}}}", "host": "{{{check.Host}}}", "expectedStatuses": [{ "start": {{{check.ExpectedStatusFrom}}}, "end": 300 }] }""",
            HealthCheckProtocol.Tcp => """ "tcpHealthCheck": {}""",
            _ => $$$""" "grpcHealthCheck": { "serviceName": "{{{check.GrpcServiceName}}}", "authority": "{{{check.Host}}}" }""",
        };
        return $$"""
              "healthCheck": { {{protocol}}, "port": {{check.Port}}, "interval": "{{DurationText.Format(check.Interval)}}", "timeout": "{{DurationText.Format(check.Timeout)}}",
                "unhealthyThreshold": {{check.UnhealthyThreshold}}, "healthyThreshold": {{check.HealthyThreshold}}, "noTrafficInterval": "{{DurationText.Format(check.NoTrafficInterval)}}" },
            """;
    }
}
