using System.Text.Json;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Policies;

public class RefusedDocumentTests
{
    private const string At = "spec.trafficPolicy.";

    [Fact]
    public void All_that_is_wrong_is_said_at_once_with_path_and_value()
    {
        var problems = Documents.Refused("""
            {
              "apiVersion": "networking.istio.io/v2",
              "kind": "DestinationRule",
              "metadata": { "name": "Bad_Name", "namespace": "-x", "uid": "1" },
              "spec": {
                "host": "*.shop.mesh",
                "subsets": [ { "name": "v1" }, { "name": "v2" } ],
                "trafficPolicy": {
                  "tls": { "mode": "DISABLE" },
                  "loadBalancer": { "simple": "ROUNDROBIN", "warmup": { "duration": "1" } },
                  "outlierDetection": { "consecutive5xxError": 3, "interval": "10", "maxEjectionPercent": 101 }
                }
              }
            }
            """);
        Assert.Equal(
            [
                "apiVersion = networking.istio.io/v2",
                "metadata.name = Bad_Name",
                "metadata.namespace = -x",
                "metadata.uid = 1",
                "spec.host = *.shop.mesh",
                "spec.subsets[0] = { \"name\": \"v1\" }",
                "spec.subsets[1] = { \"name\": \"v2\" }",
                "spec.trafficPolicy.loadBalancer.simple = ROUNDROBIN",
                "spec.trafficPolicy.loadBalancer.warmup.duration = 1",
                "spec.trafficPolicy.outlierDetection.consecutive5xxError = 3",
                "spec.trafficPolicy.outlierDetection.interval = 10",
                "spec.trafficPolicy.outlierDetection.maxEjectionPercent = 101",
                "spec.trafficPolicy.tls = { \"mode\": \"DISABLE\" }",
            ],
            problems.Select(p => $"{p.Field} = {p.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_known_field_that_nothing_acts_on_is_told_from_an_unknown_one()
    {
        var notYet = Documents.RefusedOnce("""{"retryBudget": {"percent": 20}}""");
        Assert.Equal((At + "retryBudget", """{"percent": 20}"""), (notYet.Field, notYet.Value));
        Assert.Contains("not acted on yet", notYet.Detail, StringComparison.Ordinal);

        var unknown = Documents.RefusedOnce("""{"conectionPool": {}}""");
        Assert.Equal("The field is unknown.", unknown.Detail);
        Assert.Equal("Did you mean connectionPool?", unknown.Remedy);

        var strange = Documents.RefusedOnce("""{"circuitBreaker": {}}""");
        Assert.Equal("Leave it out.", strange.Remedy);
    }

    [Theory]
    [InlineData("""{"portLevelSettings": [{"port": {"number": 80}}]}""", "portLevelSettings[0]")]
    [InlineData("""{"portLevelSettings": []}""", "portLevelSettings")]
    [InlineData("""{"tunnel": 1}""", "tunnel")]
    [InlineData("""{"proxyProtocol": {}}""", "proxyProtocol")]
    [InlineData("""{"loadBalancer": {"simple": "PASSTHROUGH"}}""", "loadBalancer.simple")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "httpCookie": {}}}}""", "loadBalancer.consistentHash.httpCookie")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "httpQueryParameterName": "q"}}}""", "loadBalancer.consistentHash.httpQueryParameterName")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "maglev": {}}}}""", "loadBalancer.consistentHash.maglev")]
    [InlineData("""{"connectionPool": {"tcp": {"tcpKeepalive": {}}}}""", "connectionPool.tcp.tcpKeepalive")]
    [InlineData("""{"connectionPool": {"tcp": {"maxConnectionDuration": "1s"}}}""", "connectionPool.tcp.maxConnectionDuration")]
    [InlineData("""{"connectionPool": {"tcp": {"idleTimeout": "1s"}}}""", "connectionPool.tcp.idleTimeout")]
    [InlineData("""{"connectionPool": {"http": {"idleTimeout": "1s"}}}""", "connectionPool.http.idleTimeout")]
    [InlineData("""{"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}}""", "connectionPool.http.h2UpgradePolicy")]
    [InlineData("""{"connectionPool": {"http": {"useClientProtocol": true}}}""", "connectionPool.http.useClientProtocol")]
    [InlineData("""{"connectionPool": {"http": {"maxConcurrentStreams": 1}}}""", "connectionPool.http.maxConcurrentStreams")]
    public void Fields_of_istio_without_an_effect_are_refused_by_name(string policy, string path)
    {
        var problem = Documents.RefusedOnce(policy);
        Assert.Equal(At + path, problem.Field);
        Assert.Contains("not acted on yet", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exportTo")]
    [InlineData("workloadSelector")]
    public void So_are_those_beside_the_traffic_policy(string name)
    {
        var json = $$$$"""{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"a"},"spec":{"host":"a","{{{{name}}}}":{}}}""";
        Assert.Equal($"spec.{name}", Assert.Single(Documents.Refused(json)).Field);
    }

    [Theory]
    [InlineData("-1", "The number is not from 0 to 1000000.")]
    [InlineData("1000001", "The number is not from 0 to 1000000.")]
    [InlineData("2147483648", "The number is not from 0 to 1000000.")]
    [InlineData("\"-1\"", "The number is not from 0 to 1000000.")]
    [InlineData("1e308", "Expected a whole number, found one with a fraction, or beyond all bounds.")]
    [InlineData("1e-7", "Expected a whole number, found one with a fraction, or beyond all bounds.")]
    [InlineData("-1e999", "Expected a whole number, found one with a fraction, or beyond all bounds.")]
    [InlineData("2.5", "Expected a whole number, found one with a fraction, or beyond all bounds.")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890", "Expected a whole number, found one with a fraction, or beyond all bounds.")]
    [InlineData("\"NaN\"", "Expected a whole number, found a text.")]
    [InlineData("\"Infinity\"", "Expected a whole number, found a text.")]
    [InlineData("\"2147483648\"", "Expected a whole number, found a text.")]
    [InlineData("\" 5\"", "Expected a whole number, found a text.")]
    [InlineData("\"\"", "Expected a whole number, found an empty text.")]
    [InlineData("true", "Expected a whole number, found true or false.")]
    [InlineData("[5]", "Expected a whole number, found a list.")]
    [InlineData("{}", "Expected a whole number, found an object.")]
    public void Absurd_numbers_are_refused(string number, string detail)
    {
        var problem = Documents.RefusedOnce($$$"""{"outlierDetection": {"consecutive5xxErrors": {{{number}}}}}""");
        Assert.Equal(At + "outlierDetection.consecutive5xxErrors", problem.Field);
        Assert.Equal(number.Trim('"'), problem.Value);
        Assert.Equal((detail, "Write a number from 0 to 1000000."), (problem.Detail, problem.Remedy));
    }

    [Theory]
    [InlineData("10", "found a number")]
    [InlineData("\"10\"", "found a text")]
    [InlineData("\"\"", "found an empty text")]
    [InlineData("true", "found true or false")]
    [InlineData("{}", "found an object")]
    [InlineData("[]", "found a list")]
    public void A_duration_needs_a_unit(string written, string found)
    {
        var problem = Documents.RefusedOnce($$$"""{"outlierDetection": {"interval": {{{written}}}}}""");
        Assert.Equal($"Expected a duration with its unit, {found}.", problem.Detail);
        Assert.Equal("Write one like 10s, 0.5s, 500ms or 1m30s, from 1ms to 24h.", problem.Remedy);
    }

    [Theory]
    [InlineData("interval", "0s")]
    [InlineData("interval", "-1s")]
    [InlineData("interval", "24h1ms")]
    [InlineData("baseEjectionTime", "0.5ms")]
    public void A_duration_out_of_range_is_refused(string field, string written)
    {
        var problem = Documents.RefusedOnce($$$"""{"outlierDetection": {"{{{field}}}": "{{{written}}}"}}""");
        Assert.Equal((At + "outlierDetection." + field, written), (problem.Field, problem.Value));
        Assert.Equal("The duration is not from 1ms to 24h.", problem.Detail);
    }

    [Theory]
    [InlineData("""{"connectionPool": {"tcp": {"connectTimeout": "61m"}}}""", "connectionPool.tcp.connectTimeout")]
    [InlineData("""{"connectionPool": {"tcp": {"maxConnections": -1}}}""", "connectionPool.tcp.maxConnections")]
    [InlineData("""{"connectionPool": {"http": {"maxRetries": 2147483648}}}""", "connectionPool.http.maxRetries")]
    [InlineData("""{"connectionPool": []}""", "connectionPool")]
    [InlineData("""{"connectionPool": {"tcp": "x"}}""", "connectionPool.tcp")]
    [InlineData("""{"connectionPool": {"http": 1}}""", "connectionPool.http")]
    [InlineData("""{"outlierDetection": {"minHealthPercent": 101}}""", "outlierDetection.minHealthPercent")]
    [InlineData("""{"outlierDetection": {"maxEjectionPercent": -1}}""", "outlierDetection.maxEjectionPercent")]
    [InlineData("""{"outlierDetection": {"splitExternalLocalOriginErrors": "true"}}""", "outlierDetection.splitExternalLocalOriginErrors")]
    [InlineData("""{"outlierDetection": {"consecutiveLocalOriginFailures": 3}}""", "outlierDetection.consecutiveLocalOriginFailures")]
    [InlineData("""{"outlierDetection": {"consecutiveErrors": 3, "consecutiveGatewayErrors": 3}}""", "outlierDetection.consecutiveErrors")]
    [InlineData("""{"loadBalancer": {"simple": "RANDOM", "consistentHash": {"useSourceIp": true}}}""", "loadBalancer.simple")]
    [InlineData("""{"loadBalancer": {"simple": 1}}""", "loadBalancer.simple")]
    [InlineData("""{"loadBalancer": {"simple": "FASTEST_PONY_IN_TOWN"}}""", "loadBalancer.simple")]
    [InlineData("""{"loadBalancer": {"consistentHash": {}}}""", "loadBalancer.consistentHash")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": false}}}""", "loadBalancer.consistentHash")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "httpHeaderName": "x"}}}""", "loadBalancer.consistentHash.useSourceIp")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"httpHeaderName": "x y"}}}""", "loadBalancer.consistentHash.httpHeaderName")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"httpHeaderName": ""}}}""", "loadBalancer.consistentHash.httpHeaderName")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "minimumRingSize": 8388609}}}""", "loadBalancer.consistentHash.minimumRingSize")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "ringHash": {"minimumRingSize": -1}}}}""", "loadBalancer.consistentHash.ringHash.minimumRingSize")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "minimumRingSize": 8, "ringHash": {"minimumRingSize": 8}}}}""", "loadBalancer.consistentHash.minimumRingSize")]
    [InlineData("""{"loadBalancer": {"consistentHash": {"useSourceIp": true, "ringHash": {"size": 8}}}}""", "loadBalancer.consistentHash.ringHash.size")]
    public void What_cannot_be_or_contradicts_itself_is_refused(string policy, string path) =>
        Assert.Equal(At + path, Documents.RefusedOnce(policy).Field);

    [Fact]
    public void The_name_of_a_header_may_have_256_characters()
    {
        static string Hash(int length) => "{\"loadBalancer\": {\"consistentHash\": {\"httpHeaderName\": \"" + new string('x', length) + "\"}}}";

        Assert.Equal(256, Documents.Accepted(Hash(256)).ConsistentHash!.HttpHeaderName!.Length);
        Assert.Equal("This is not the name of an HTTP header.", Documents.RefusedOnce(Hash(257)).Detail);
    }

    [Theory]
    [InlineData("ROUND-ROBIN", "Did you mean ROUND_ROBIN?")]
    [InlineData("random", "Did you mean RANDOM?")]
    [InlineData("xyz", "Write one of UNSPECIFIED, LEAST_REQUEST, LEAST_CONN, ROUND_ROBIN, RANDOM.")]
    public void A_misspelt_algorithm_gets_a_suggestion(string name, string remedy) =>
        Assert.Equal(remedy, Documents.RefusedOnce($$$"""{"loadBalancer": {"simple": "{{{name}}}"}}""").Remedy);

    [Theory]
    [InlineData("*")]
    [InlineData("*.shop.mesh")]
    public void A_wildcard_host_is_refused_with_the_reason(string host)
    {
        var problem = Assert.Single(Documents.Refused(Documents.Rule(host: host)));
        Assert.Equal("spec.host", problem.Field);
        Assert.Contains("wildcard", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("greeter:8080")]
    [InlineData("a b")]
    [InlineData(".mesh")]
    [InlineData("")]
    public void A_host_that_names_no_service_is_refused(string host) =>
        Assert.Equal("spec.host", Assert.Single(Documents.Refused(Documents.Rule(host: host))).Field);

    [Fact]
    public void A_default_element_is_refused_too()
    {
        Assert.False(DestinationRuleCompiler.Compile(default(JsonElement)).Ok);
    }
}
