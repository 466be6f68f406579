namespace Mesh.Cli.Tests;

public class DescribeTests : MeshctlTest
{
    [Fact]
    public async Task A_service_is_shown_with_its_policy_in_force_and_its_endpoints()
    {
        Server.On("GET /v1/services/default/greeter", Samples.GreeterDetail)
            .On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointA));

        var ran = await Run("describe", "service", "greeter");

        Assert.Equal(
            """
            Service:        default/greeter
            Hosts:          greeter, greeter.default.mesh
            Version:        3.17, changed 30s ago
            Endpoints:      2 of 3 healthy, 1 ejected, 0 draining, 0 expired
            Policy:         DestinationRule/default/greeter@2
            Load balancer:  LeastRequest

            Outlier detection
              Consecutive 5xx:                    5
              Consecutive gateway failures:       off
              Consecutive local-origin failures:  counted with the others
              Interval:                           1s
              Ejection time:                      2s for the first, at most 300s
              Budget:                             50% of the endpoints, over the whole mesh
              Minimum healthy:                    off

            Connection pool, of each proxy
              Connections:              1024
              Connect time-out:         10s
              Waiting requests:         1024
              Requests at once:         1024
              Retries at once:          3
              Requests per connection:  no limit

            Endpoints
              SERVICE           ID   ADDRESS         STATUS    WEIGHT   UNTIL   REASON
              default/greeter   a    10.0.0.1:8080   Healthy   1        -       -
            """,
            ran.Text);
    }

    [Fact]
    public async Task A_split_is_shown_with_its_shares_and_with_who_is_missing()
    {
        const string routing = """
            "routing":{"source":"VirtualService/default/greeter@3","ruleName":null,"destinations":[
              {"service":"default/greeter","weight":899,"sharePercent":89.9,"exists":true},
              {"service":"default/greeter-canary","weight":101,"sharePercent":10.1,"exists":false},
              {"service":"default/later","weight":0,"sharePercent":0,"exists":false}]},
            """;
        Server.On("GET /v1/services/default/greeter", Samples.GreeterDetail.Replace("\"policy\":", routing + "\"policy\":", StringComparison.Ordinal))
            .On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointA));

        var text = (await Run("describe", "service", "greeter")).Text;

        Assert.Contains(
            """
            Policy:         DestinationRule/default/greeter@2
            Routing:        VirtualService/default/greeter@3
            Requests go:    89.9% to default/greeter, 10.1% to default/greeter-canary (there is no such service)
            Load balancer:  LeastRequest
            """,
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checks_warm_up_adaptive_weights_and_localities_are_shown_where_they_are_used()
    {
        Server.On("GET /v1/services/default/greeter", Samples.Elaborate)
            .On("GET /v1/services/default/greeter/endpoints", Samples.Page(
                null, Samples.EndpointA, Samples.EndpointA, Samples.EndpointB.Replace("\"labels\"", "\"locality\":{\"region\":\"eu\",\"zone\":\"eu-1\",\"subZone\":\"\"},\"labels\"", StringComparison.Ordinal), Samples.EndpointB));

        var text = (await Run("describe", "service", "greeter")).Text;

        Assert.Contains("Health check:      HTTP GET /ready every 5s (1m without traffic), 3 failed eject, 2 passed end it", text, StringComparison.Ordinal);
        Assert.Contains("Warm-up:           30s from 10%, aggression 1.5", text, StringComparison.Ordinal);
        Assert.Contains("Adaptive weights:  5% to 300%, at most 30% every 1s", text, StringComparison.Ordinal);
        Assert.Contains(
            """
            Localities: nearest first; eu fails over to us
              LOCALITY   HEALTHY   KEEPS
              eu/eu-1    2/3       93%
              unknown    0/1       0%
            """,
            text,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"distribute":[],"failover":[],"failoverPriority":[]}""", "Localities: nearest first\n")]
    [InlineData("""{"distribute":[],"failover":[],"failoverPriority":["version","zone"]}""", "Localities: first who shares version, then zone\n")]
    [InlineData("""{"distribute":[{"from":"eu/*","to":{"eu/a":20,"eu/b":80}}],"failover":[],"failoverPriority":[]}""", "Localities: fixed shares\n  from eu/*: 80% to eu/b, 20% to eu/a\n")]
    public async Task What_localities_mean_is_said(string setting, string expected)
    {
        Server.On("GET /v1/services/default/greeter", Samples.Elaborate.Replace(
                """{"distribute":[],"failover":[{"from":"eu","to":"us"}],"failoverPriority":[]}""", setting, StringComparison.Ordinal))
            .On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointA));

        Assert.Contains(expected, (await Run("describe", "service", "greeter")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_is_shown_with_the_reason_it_is_out()
    {
        Server.On("GET /v1/services/default/greeter/endpoints/b", Samples.EndpointB);

        var ran = await Run("describe", "endpoint", "greeter", "b");

        Assert.Equal(
            """
            Endpoint:            default/greeter b
            Address:             [fd00::2]:8080
            Status:              Ejected
            Reason:              5 consecutive 5xx
            Weight:              0.5 of 10
            Ejected until:       2026-03-01 12:00:02Z (in 2s)
            Ejections in a row:  1
            Lease:               none; it stays until it is deregistered
            Registered:          2d4h ago
            """,
            ran.Text);
    }

    [Fact]
    public async Task A_policy_is_shown_as_the_document_that_is_stored()
    {
        Server.On("GET /v1/policies/DestinationRule/default/greeter", Samples.Policy);

        var ran = await Run("describe", "policy", "greeter");

        Assert.Equal(
            """
            Policy:    DestinationRule default/greeter
            Bound to:  default/greeter
            Version:   2
            Updated:   2m0s ago

            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata:
              name: greeter
            spec:
              host: greeter
              trafficPolicy:
                outlierDetection:
                  consecutive5xxErrors: 5
                  interval: 1s
            """,
            ran.Text);
    }

    [Fact]
    public async Task A_proxy_is_shown_with_what_it_rejected()
    {
        Server.On("GET /v1/proxies/p1", Samples.Proxy);

        var ran = await Run("describe", "proxy", "p1");

        Assert.Equal(
            """
            Proxy:       p1
            Cluster:     web
            User agent:  mesh-proxy 0.1.0
            Address:     127.0.0.1:40112
            Identity:    spiffe://mesh.example/ns/default/sa/web
            Connected:   60s ago
            xDS:         delta
            Weights:     followed
            Reports:     per endpoint, 1s ago

            TYPE   STATUS      WANTED   SENT   ACCEPTED   LAST ACCEPTED
            CDS    SYNCED      all      7      7          59s ago
            EDS    REFUSED 1   2        9      8          58s ago

            p1 has refused EDS default/greeter for 12s, version 9: bad weight
              It goes on with 8.
            """,
            ran.Text);
    }

    [Theory]
    [InlineData("Sidecar", "*/*", "Role:        sidecar\nReaches:     all services\nWeights:")]
    [InlineData("Ingress", "~/*", "Role:        ingress\nReaches:     none but what it names\nWeights:")]
    [InlineData("Ingress", "shop/*,web/cart", "Role:        ingress\nReaches:     shop/*, web/cart\nWeights:")]
    public async Task A_proxy_is_shown_with_its_part_in_the_mesh(string role, string reaches, string shown)
    {
        Server.On("GET /v1/proxies/p1", Samples.Proxy.Replace("\"kind\":", $"\"role\":\"{role}\",\"reaches\":\"{reaches}\",\"kind\":", StringComparison.Ordinal));
        Assert.Contains(shown, (await Run("describe", "proxy", "p1")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_understood_of_a_proxy_is_shown()
    {
        Server.On("GET /v1/proxies/p1", Samples.Proxy.Replace(
            "\"kind\":", "\"notUnderstood\":[\"MESH_REACHES has 'shop'\",\"MESH_ROLE is 'egress'\"],\"kind\":", StringComparison.Ordinal));
        var text = (await Run("describe", "proxy", "p1")).Text;
        Assert.Contains("Not understood:  MESH_REACHES has 'shop'\nNot understood:  MESH_ROLE is 'egress'\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_say_what_a_proxy_reports_is_not_spoken_for()
    {
        Server.On("GET /v1/proxies/p1", OldServersProxy);

        var ran = await Run("describe", "proxy", "p1");

        Assert.DoesNotContain("Weights", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Reports", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("xDS", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Reaches", ran.Text, StringComparison.Ordinal);
        Assert.EndsWith("p1 rejected EDS 9: bad weight\n  It goes on with 8.", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_proxies_refuse_is_shown_with_the_policy_and_with_the_service()
    {
        const string refused = """

            Refused by proxies, which go on with what they had
              TYPE   RESOURCE          VERSION   FOR   BY                  WHY
              CDS    default/greeter   9         30s   p1, p2 and 6 more   no such \uFFFD[31mbalancer
              EDS    default/greeter   4         10s   p1                  no reason given
              and 1 more

            """;
        Server.On("GET /v1/policies/DestinationRule/default/greeter", Samples.RefusedPolicy);
        Server.On("GET /v1/services/default/greeter", Samples.GreeterDetail.TrimEnd()[..^1] + Refusals(Samples.RefusedPolicy) + "}");
        Server.On("GET /v1/services/default/greeter/endpoints", Samples.Page(null));

        Assert.Contains(refused.Replace("\\uFFFD", "\uFFFD", StringComparison.Ordinal), (await Run("describe", "policy", "greeter")).Text, StringComparison.Ordinal);
        Assert.Contains(refused.Replace("\\uFFFD", "\uFFFD", StringComparison.Ordinal), (await Run("describe", "service", "greeter")).Text, StringComparison.Ordinal);
        Assert.EndsWith("8 proxies", (await Run("get", "policy", "greeter")).Text, StringComparison.Ordinal);

        static string Refusals(string policy)
        {
            var from = policy.IndexOf("\"refusals\"", StringComparison.Ordinal);
            return "," + policy[from..policy.IndexOf(",\"document\"", StringComparison.Ordinal)];
        }
    }

    [Fact]
    public async Task What_is_refused_is_led_back_to_the_documents_that_it_is_made_of()
    {
        Server.On("GET /v1/policies/DestinationRule/default/greeter", Samples.RefusedPolicy.Replace(
            "\"nodes\":[\"p1\",\"p2\"]}",
            "\"nodes\":[\"p1\",\"p2\"],\"documents\":[\"VirtualService/default/split@2\",\"DestinationRule/default/greeter@3\"]}",
            StringComparison.Ordinal));

        var text = (await Run("describe", "policy", "greeter")).Text;

        Assert.Contains("BY                  MADE OF", text, StringComparison.Ordinal);
        Assert.Contains("p1, p2 and 6 more   VirtualService/default/split@2, DestinationRule/default/greeter@3   no such", text, StringComparison.Ordinal);
        Assert.Matches("p1 +- +no reason given", text);
    }

    // As they spoke before they said anything of weights, reports, protocols and single resources.
    private const string OldServersProxy = """
        {"node":"p1","cluster":"web","userAgent":"mesh-proxy 0.1.0","locality":{"region":"","zone":"","subZone":""},"address":"127.0.0.1:40112",
         "connectedAt":"2026-03-01T11:59:00Z","types":[
          {"type":"EDS","resources":2,"sent":"9","accepted":"8","status":"Rejected","error":"bad weight","lastAcceptedAt":"2026-03-01T11:59:02Z"}]}
        """;
}
