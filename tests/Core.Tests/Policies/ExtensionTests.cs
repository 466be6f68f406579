using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Policies;

/// <summary>Fields that Istio's DestinationRule does not have, or that few use.</summary>
public class ExtensionTests
{
    private const string Outliers = "spec.trafficPolicy.outlierDetection.";
    private const string Check = "spec.trafficPolicy.healthCheck";
    private const string Balancer = "spec.trafficPolicy.loadBalancer.";

    [Fact]
    public void Every_field_of_outlier_detection_is_read()
    {
        var read = Documents.Accepted("""
            {
              "healthCheck": {"tcpHealthCheck": {}},
              "outlierDetection": {
                "consecutive5xxErrors": 7, "consecutiveGatewayErrors": 6, "consecutiveLocalOriginFailures": 8,
                "splitExternalLocalOriginErrors": true,
                "enforcingConsecutive5xx": 11, "enforcingConsecutiveGatewayFailure": 12, "enforcingConsecutiveLocalOriginFailure": 13,
                "interval": "11s", "baseEjectionTime": "31s", "maxEjectionTime": "31s", "maxEjectionTimeJitter": "2s",
                "maxEjectionPercent": 20, "alwaysEjectOneHost": true, "minHealthPercent": 21,
                "successRateMinimumHosts": 2, "successRateRequestVolume": 14, "successRateStdevFactor": 2100, "enforcingSuccessRate": 15,
                "enforcingLocalOriginSuccessRate": 16,
                "failurePercentageThreshold": 17, "failurePercentageMinimumHosts": 1, "failurePercentageRequestVolume": 18,
                "enforcingFailurePercentage": 19, "enforcingFailurePercentageLocalOrigin": 22,
                "latencyQuantile": 90, "latencyFactor": 250, "latencyMinimumDifference": "7ms", "latencyMinimumHosts": 4,
                "latencyRequestVolume": 23, "enforcingLatency": 24,
                "sequentialFalsePositivesPerMillion": 25, "sequentialMinimumHosts": 6, "enforcingSequential": 26,
                "successfulActiveHealthCheckUnejectHost": false
              }
            }
            """).OutlierDetection;
        Assert.Equal(
            new OutlierDetection
            {
                Consecutive5xx = 7,
                ConsecutiveGatewayFailure = 6,
                ConsecutiveLocalOriginFailure = 8,
                SplitExternalLocalOriginErrors = true,
                EnforcingConsecutive5xx = 11,
                EnforcingConsecutiveGatewayFailure = 12,
                EnforcingConsecutiveLocalOriginFailure = 13,
                Interval = TimeSpan.FromSeconds(11),
                BaseEjectionTime = TimeSpan.FromSeconds(31),
                MaxEjectionTime = TimeSpan.FromSeconds(31),
                MaxEjectionTimeJitter = TimeSpan.FromSeconds(2),
                MaxEjectionPercent = 20,
                AlwaysEjectOneHost = true,
                MinHealthPercent = 21,
                SuccessRateMinimumHosts = 2,
                SuccessRateRequestVolume = 14,
                SuccessRateStdevFactor = 2100,
                EnforcingSuccessRate = 15,
                EnforcingLocalOriginSuccessRate = 16,
                FailurePercentageThreshold = 17,
                FailurePercentageMinimumHosts = 1,
                FailurePercentageRequestVolume = 18,
                EnforcingFailurePercentage = 19,
                EnforcingFailurePercentageLocalOrigin = 22,
                LatencyQuantile = 90,
                LatencyFactor = 250,
                LatencyMinimumDifference = TimeSpan.FromMilliseconds(7),
                LatencyMinimumHosts = 4,
                LatencyRequestVolume = 23,
                EnforcingLatency = 24,
                SequentialFalsePositivesPerMillion = 25,
                SequentialMinimumHosts = 6,
                EnforcingSequential = 26,
                SuccessfulActiveHealthCheckUnejectHost = false,
            },
            read);

        // So that a member that is added later and that no field reaches fails here.
        var defaults = new OutlierDetection();
        Assert.All(typeof(OutlierDetection).GetProperties(), member => Assert.NotEqual(member.GetValue(defaults), member.GetValue(read)));
    }

    [Theory]
    [InlineData("""{"maxEjectionTime": "29s"}""", "maxEjectionTime")]
    [InlineData("""{"maxEjectionTimeJitter": "-1s"}""", "maxEjectionTimeJitter")]
    [InlineData("""{"maxEjectionTimeJitter": "25h"}""", "maxEjectionTimeJitter")]
    [InlineData("""{"alwaysEjectOneHost": 1}""", "alwaysEjectOneHost")]
    [InlineData("""{"enforcingSuccessRate": 101}""", "enforcingSuccessRate")]
    [InlineData("""{"successRateMinimumHosts": 1}""", "successRateMinimumHosts")]
    [InlineData("""{"successRateRequestVolume": 0}""", "successRateRequestVolume")]
    [InlineData("""{"successRateStdevFactor": -1}""", "successRateStdevFactor")]
    [InlineData("""{"failurePercentageThreshold": 0}""", "failurePercentageThreshold")]
    [InlineData("""{"failurePercentageThreshold": 101}""", "failurePercentageThreshold")]
    [InlineData("""{"failurePercentageMinimumHosts": 0}""", "failurePercentageMinimumHosts")]
    [InlineData("""{"failurePercentageRequestVolume": 1000001}""", "failurePercentageRequestVolume")]
    [InlineData("""{"latencyQuantile": 49}""", "latencyQuantile")]
    [InlineData("""{"latencyQuantile": 100}""", "latencyQuantile")]
    [InlineData("""{"latencyFactor": 100}""", "latencyFactor")]
    [InlineData("""{"latencyMinimumDifference": "61m"}""", "latencyMinimumDifference")]
    [InlineData("""{"latencyMinimumHosts": 1}""", "latencyMinimumHosts")]
    [InlineData("""{"latencyRequestVolume": 0}""", "latencyRequestVolume")]
    [InlineData("""{"sequentialFalsePositivesPerMillion": 0}""", "sequentialFalsePositivesPerMillion")]
    [InlineData("""{"sequentialFalsePositivesPerMillion": 10001}""", "sequentialFalsePositivesPerMillion")]
    [InlineData("""{"sequentialMinimumHosts": 1}""", "sequentialMinimumHosts")]
    [InlineData("""{"enforcingConsecutiveLocalOriginFailure": 100}""", "enforcingConsecutiveLocalOriginFailure")]
    [InlineData("""{"enforcingLocalOriginSuccessRate": 100}""", "enforcingLocalOriginSuccessRate")]
    [InlineData("""{"enforcingFailurePercentageLocalOrigin": 100}""", "enforcingFailurePercentageLocalOrigin")]
    [InlineData("""{"splitExternalLocalOriginErrors": true, "consecutiveLocalOriginFailures": 0, "enforcingConsecutiveLocalOriginFailure": 9}""", "enforcingConsecutiveLocalOriginFailure")]
    [InlineData("""{"enforcingConsecutiveGatewayFailure": 100}""", "enforcingConsecutiveGatewayFailure")]
    [InlineData("""{"consecutive5xxErrors": 0, "enforcingConsecutive5xx": 100}""", "enforcingConsecutive5xx")]
    [InlineData("""{"successfulActiveHealthCheckUnejectHost": true}""", "successfulActiveHealthCheckUnejectHost")]
    public void An_outlier_detection_that_cannot_be_is_refused(string fields, string path) =>
        Assert.Equal(Outliers + path, Documents.RefusedOnce($$"""{"outlierDetection": {{fields}}}""").Field);

    [Theory]
    [InlineData("consecutive5xx", "consecutive5xxErrors")]
    [InlineData("consecutiveGatewayFailure", "consecutiveGatewayErrors")]
    [InlineData("consecutiveLocalOriginFailure", "consecutiveLocalOriginFailures")]
    public void Where_istio_has_a_name_envoys_is_not_a_second_one(string written, string meant) =>
        Assert.Equal($"Did you mean {meant}?", Documents.RefusedOnce($$$"""{"outlierDetection": {"{{{written}}}": 3}}""").Remedy);

    [Fact]
    public void A_check_of_each_protocol_is_read()
    {
        Assert.Equal(
            new HealthCheck
            {
                Protocol = HealthCheckProtocol.Http,
                Path = "/ready",
                Host = "greeter",
                ExpectedStatusFrom = 204,
                ExpectedStatusTo = 205,
                Port = 9000,
                Interval = TimeSpan.FromMilliseconds(100),
                Timeout = TimeSpan.FromMilliseconds(10),
                UnhealthyThreshold = 1,
                HealthyThreshold = 1000,
                NoTrafficInterval = TimeSpan.FromHours(1),
            },
            Checked("""
                {"httpHealthCheck": {"path": "/ready", "host": "greeter", "expectedStatuses": [{"start": 204, "end": 205}]}, "port": 9000,
                 "interval": "100ms", "timeout": "10ms", "unhealthyThreshold": 1, "healthyThreshold": 1000, "noTrafficInterval": "1h"}
                """));
        Assert.Equal(new HealthCheck { Protocol = HealthCheckProtocol.Tcp }, Checked("""{"tcpHealthCheck": {}}"""));
        Assert.Equal(
            new HealthCheck { Protocol = HealthCheckProtocol.Grpc, GrpcServiceName = "shop.Greeter", Host = "greeter.shop" },
            Checked("""{"grpcHealthCheck": {"serviceName": "shop.Greeter", "authority": "greeter.shop"}}"""));
        Assert.Equal(new HealthCheck { ExpectedStatusTo = 600 }, Checked("""{"httpHealthCheck": {"expectedStatuses": {"end": 600}}}"""));
    }

    [Fact]
    public void What_a_check_does_not_say_fits_what_it_says()
    {
        Assert.Equal(new HealthCheck(), Checked("""{"httpHealthCheck": {}}"""));
        Assert.Equal(TimeSpan.FromMilliseconds(500), Checked("""{"tcpHealthCheck": {}, "interval": "500ms"}""").Timeout);
        Assert.Equal(TimeSpan.FromSeconds(61), Checked("""{"tcpHealthCheck": {}, "interval": "61s"}""").NoTrafficInterval);
        Assert.Equal(TimeSpan.FromSeconds(60), Checked("""{"tcpHealthCheck": {}, "interval": "59s"}""").NoTrafficInterval);
        Assert.Equal(TimeSpan.FromSeconds(1), Checked("""{"tcpHealthCheck": {}, "interval": "1s", "timeout": "1s"}""").Timeout);
    }

    [Theory]
    [InlineData("{}", "")]
    [InlineData("""{"httpHealthCheck": {}, "tcpHealthCheck": {}}""", ".tcpHealthCheck")]
    [InlineData("""{"tcpHealthCheck": {}, "grpcHealthCheck": {}}""", ".grpcHealthCheck")]
    [InlineData("""{"tcpHealthCheck": {}, "interval": "99ms"}""", ".interval")]
    [InlineData("""{"tcpHealthCheck": {}, "interval": "61m"}""", ".interval")]
    [InlineData("""{"tcpHealthCheck": {}, "timeout": "9ms"}""", ".timeout")]
    [InlineData("""{"tcpHealthCheck": {}, "timeout": "6s"}""", ".timeout")]
    [InlineData("""{"tcpHealthCheck": {}, "noTrafficInterval": "1ms"}""", ".noTrafficInterval")]
    [InlineData("""{"tcpHealthCheck": {}, "unhealthyThreshold": 0}""", ".unhealthyThreshold")]
    [InlineData("""{"tcpHealthCheck": {}, "healthyThreshold": 1001}""", ".healthyThreshold")]
    [InlineData("""{"tcpHealthCheck": {}, "port": 0}""", ".port")]
    [InlineData("""{"tcpHealthCheck": {}, "port": 65536}""", ".port")]
    [InlineData("""{"tcpHealthCheck": {"send": {}}}""", ".tcpHealthCheck.send")]
    [InlineData("""{"httpHealthCheck": {"path": "ready"}}""", ".httpHealthCheck.path")]
    [InlineData("""{"httpHealthCheck": {"path": "/a b"}}""", ".httpHealthCheck.path")]
    [InlineData("""{"httpHealthCheck": {"path": "/é"}}""", ".httpHealthCheck.path")]
    [InlineData("""{"httpHealthCheck": {"path": ""}}""", ".httpHealthCheck.path")]
    [InlineData("""{"httpHealthCheck": {"host": "a\r\nb"}}""", ".httpHealthCheck.host")]
    [InlineData("""{"httpHealthCheck": {"expectedStatuses": {"start": 200, "end": 200}}}""", ".httpHealthCheck.expectedStatuses")]
    [InlineData("""{"httpHealthCheck": {"expectedStatuses": [{"start": 99}]}}""", ".httpHealthCheck.expectedStatuses[0].start")]
    [InlineData("""{"httpHealthCheck": {"expectedStatuses": [{"end": 601}]}}""", ".httpHealthCheck.expectedStatuses[0].end")]
    [InlineData("""{"httpHealthCheck": {"expectedStatuses": [{}, {}]}}""", ".httpHealthCheck.expectedStatuses")]
    [InlineData("""{"httpHealthCheck": {"method": "HEAD"}}""", ".httpHealthCheck.method")]
    [InlineData("""{"grpcHealthCheck": {"initialMetadata": []}}""", ".grpcHealthCheck.initialMetadata")]
    [InlineData("""{"grpcHealthCheck": {"serviceName": "a b"}}""", ".grpcHealthCheck.serviceName")]
    [InlineData("""{"tcpHealthCheck": {}, "unhealthyInterval": "1s"}""", ".unhealthyInterval")]
    public void A_check_that_cannot_be_is_refused(string fields, string path) =>
        Assert.Equal(Check + path, Documents.RefusedOnce($$"""{"healthCheck": {{fields}}}""").Field);

    [Fact]
    public void A_path_may_have_2048_characters()
    {
        static string Path(int length) => "{\"healthCheck\": {\"httpHealthCheck\": {\"path\": \"/" + new string('x', length - 1) + "\"}}}";

        Assert.Equal(2048, Documents.Accepted(Path(2048)).HealthCheck!.Path.Length);
        Assert.Equal(Check + ".httpHealthCheck.path", Documents.RefusedOnce(Path(2049)).Field);
    }

    [Theory]
    [InlineData("""{"warmup": {"duration": "30s"}}""", 30_000, 10, 100)]
    [InlineData("""{"warmup": {"duration": "24h", "minimumPercent": 0, "aggression": 1.0}}""", 86_400_000, 0, 100)]
    [InlineData("""{"warmup": {"duration": "1ms", "minimumPercent": 100.0, "aggression": "1.5"}}""", 1, 100, 150)]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 100}}""", 1000, 10, 10_000)]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 1.01}}""", 1000, 10, 101)]
    [InlineData("""{"warmupDurationSecs": "45s"}""", 45_000, 10, 100)]
    public void Warm_up_is_istios(string fields, int milliseconds, int percent, int aggression) => Assert.Equal(
        new Warmup { Duration = TimeSpan.FromMilliseconds(milliseconds), MinimumPercent = percent, Aggression = aggression },
        Documents.Balancer(fields).Warmup);

    [Theory]
    [InlineData("{}", 5, 300, 30, 10, 1000)]
    [InlineData("""{"minimumPercent": 1, "maximumPercent": 100, "maximumStepPercent": 1, "hysteresisPercent": 0, "interval": "100ms"}""", 1, 100, 1, 0, 100)]
    [InlineData("""{"minimumPercent": 100, "maximumPercent": 1000, "maximumStepPercent": 100, "hysteresisPercent": 100, "interval": "10m"}""", 100, 1000, 100, 100, 600_000)]
    public void Adaptive_weights_are_on_when_they_are_there(string fields, int least, int most, int step, int hysteresis, int milliseconds) => Assert.Equal(
        new AdaptiveWeights
        {
            MinimumPercent = least,
            MaximumPercent = most,
            MaximumStepPercent = step,
            HysteresisPercent = hysteresis,
            Interval = TimeSpan.FromMilliseconds(milliseconds),
        },
        Documents.Balancer($$"""{"adaptiveWeights": {{fields}}}""").AdaptiveWeights);

    [Theory]
    [InlineData("""{"warmup": {}}""", "warmup")]
    [InlineData("""{"warmup": {"duration": "0s"}}""", "warmup.duration")]
    [InlineData("""{"warmup": {"duration": "1s", "minimumPercent": 101}}""", "warmup.minimumPercent")]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 0.99}}""", "warmup.aggression")]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 1.005}}""", "warmup.aggression")]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 100.01}}""", "warmup.aggression")]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 7e28}}""", "warmup.aggression")]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": 1e99}}""", "warmup.aggression")]
    [InlineData("""{"warmup": {"duration": "1s", "aggression": "fast"}}""", "warmup.aggression")]
    [InlineData("""{"warmup": {"duration": "1s"}, "warmupDurationSecs": "1s"}""", "warmupDurationSecs")]
    [InlineData("""{"warmupDurationSecs": 1}""", "warmupDurationSecs")]
    [InlineData("""{"adaptiveWeights": {"minimumPercent": 0}}""", "adaptiveWeights.minimumPercent")]
    [InlineData("""{"adaptiveWeights": {"maximumPercent": 99}}""", "adaptiveWeights.maximumPercent")]
    [InlineData("""{"adaptiveWeights": {"maximumStepPercent": 0}}""", "adaptiveWeights.maximumStepPercent")]
    [InlineData("""{"adaptiveWeights": {"hysteresisPercent": 101}}""", "adaptiveWeights.hysteresisPercent")]
    [InlineData("""{"adaptiveWeights": {"interval": "99ms"}}""", "adaptiveWeights.interval")]
    [InlineData("""{"adaptiveWeights": {}, "consistentHash": {"useSourceIp": true}}""", "adaptiveWeights")]
    public void Weights_that_cannot_be_are_refused(string fields, string path) =>
        Assert.Equal(Balancer + path, Documents.RefusedOnce($$"""{"loadBalancer": {{fields}}}""").Field);

    [Fact]
    public void A_number_beyond_all_bounds_is_told_from_what_is_none()
    {
        static string Detail(string aggression) =>
            Documents.RefusedOnce($$$$"""{"loadBalancer": {"warmup": {"duration": "1s", "aggression": {{{{aggression}}}}}}}""").Detail;

        Assert.Equal("Expected a number, found one beyond all bounds.", Detail("1e99"));
        Assert.Equal("Expected a number, found true or false.", Detail("true"));
        Assert.Equal("The number is not from 1 to 100 with at most two decimals.", Detail("0.5"));
    }

    private static HealthCheck Checked(string fields) => Documents.Accepted($$"""{"healthCheck": {{fields}}}""").HealthCheck!;
}
