using System.Text.Json.Nodes;

namespace Mesh.Cli.Tests;

public class GetTests : MeshctlTest
{
    [Fact]
    public async Task Services_are_an_aligned_table_and_every_page_is_followed()
    {
        Server.On("GET /v1/services", Samples.Page("x/y z", Samples.Greeter)).On("GET /v1/services?continue=x%2Fy%20z", Samples.Page(null, Samples.Billing));

        var ran = await Run("get", "services");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(
            """
            NAMESPACE   NAME      HEALTHY   EJECTED   DRAINING   EXPIRED   VERSION   POLICY
            default     greeter   2/3       1         0          0         3.17      DestinationRule/default/greeter@2
            shop        billing   1/1       0         0          0         1.1       -
            """,
            ran.Text);
    }

    [Fact]
    public async Task A_server_that_repeats_a_page_is_not_followed_for_ever()
    {
        Server.On("GET /v1/services", Samples.Page("p", Samples.Greeter)).On("GET /v1/services?continue=p", Samples.Page("p", Samples.Greeter));

        var ran = await Run("get", "services");

        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("the same page twice", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_service_looks_like_its_line_of_the_list()
    {
        Server.On("GET /v1/services/default/greeter", Samples.GreeterDetail);

        var ran = await Run("get", "svc", "greeter");

        Assert.Equal(
            """
            NAMESPACE   NAME      HEALTHY   EJECTED   DRAINING   EXPIRED   VERSION   POLICY
            default     greeter   2/3       1         0          0         3.17      DestinationRule/default/greeter@2
            """,
            ran.Text);
    }

    [Fact]
    public async Task Endpoints_show_status_weight_for_how_long_and_why()
    {
        Server.On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointA, Samples.EndpointB));

        var ran = await Run("get", "endpoints", "greeter");

        Assert.Equal(
            """
            SERVICE           ID   ADDRESS          STATUS    WEIGHT      UNTIL   REASON
            default/greeter   a    10.0.0.1:8080    Healthy   1           -       -
            default/greeter   b    [fd00::2]:8080   Ejected   0.5 of 10   in 2s   5 consecutive 5xx
            """,
            ran.Text);
    }

    [Fact]
    public async Task Wide_shows_the_rest_of_an_endpoint()
    {
        Server.On("GET /v1/services/default/greeter/endpoints/a", Samples.EndpointA);

        var ran = await Run("get", "ep", "default/greeter", "a", "-o", "wide");

        Assert.Equal(
            """
            SERVICE           ID   ADDRESS         STATUS    WEIGHT   UNTIL   LEASE    AGE   LOCALITY   LABELS                   INSTANCE   REASON
            default/greeter   a    10.0.0.1:8080   Healthy   1        -       in 21s   60m   eu/eu-1    app=greeter,version=v2   i-1        -
            """,
            ran.Text);
    }

    [Fact]
    public async Task Endpoints_without_a_service_are_those_of_all_services()
    {
        Server.On("GET /v1/services?namespace=default", Samples.Page(null, Samples.Greeter))
            .On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointA));

        var ran = await Run("get", "endpoints", "-n", "default");

        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("10.0.0.1:8080", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_and_proxies_are_tables()
    {
        Server.On("GET /v1/policies?namespace=default&kind=DestinationRule", Samples.Page(null, Samples.Policy)).On("GET /v1/proxies", Samples.Page(null, Samples.Proxy, Samples.ProxylessGrpc));

        Assert.Equal(
            """
            KIND              NAMESPACE   NAME      BOUND TO          VERSION   UPDATED    REFUSED BY
            DestinationRule   default     greeter   default/greeter   2         2m0s ago   -
            """,
            (await Run("get", "policies", "-n", "default", "--kind", "dr")).Text);
        Assert.Equal(
            """
            NODE   CLUSTER   CDS      LDS   EDS         RDS   XDS     WEIGHTS    REPORTS        CONNECTED   ADDRESS           USER AGENT
            p1     web       SYNCED   -     REFUSED 1   -     delta   followed   per endpoint   60s         127.0.0.1:40112   mesh-proxy 0.1.0
            g1     -         -        -     -           -     -       ignored    per locality   60s         127.0.0.1:40113   gRPC Node.js 1.14
            """,
            (await Run("get", "proxies")).Text);
    }

    [Theory]
    [InlineData("vs")]
    [InlineData("VirtualServices")]
    [InlineData("VirtualService")]
    public async Task A_kind_may_be_written_short(string kind)
    {
        Server.On("GET /v1/policies/VirtualService/default/greeter", Samples.Policy.Replace("DestinationRule", "VirtualService", StringComparison.Ordinal));

        Assert.Contains("VirtualService   default     greeter", (await Run("get", "policy", "greeter", "--kind", kind)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_what_the_server_said_including_what_this_version_does_not_know()
    {
        Server.On("GET /v1/services", Samples.Page(null, """{"name":"a","fromTheFuture":[1,2]}"""));

        var ran = await Run("get", "services", "-o", "json");

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"items":[{"name":"a","fromTheFuture":[1,2]}]}"""), JsonNode.Parse(ran.Out)));
    }

    [Fact]
    public async Task Yaml_keeps_the_types_of_what_it_shows()
    {
        Server.On("GET /v1/services/default/a", """{"name":"yes","number":"12","count":3,"none":null,"empty":[],"text":"two\nlines","list":[{"x":true}]}""");

        var ran = await Run("get", "service", "a", "-o", "yaml");

        Assert.Equal(
            """
            name: "yes"
            number: "12"
            count: 3
            none: null
            empty: []
            text: "two\nlines"
            list:
            - x: true
            """,
            ran.Text);
    }

    [Fact]
    public async Task An_empty_list_prints_nothing_to_a_pipe_and_the_next_step_to_a_person()
    {
        Server.On("GET /v1/services", Samples.Page(null));

        var ran = await Run("get", "services");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Out));
        Assert.Equal("No services. Register one: meshctl register SERVICE ID --address IP:PORT\n", ran.Error);
    }

    [Fact]
    public async Task Colours_appear_only_where_the_terminal_takes_them()
    {
        Server.On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointB));

        var plain = await Run("get", "endpoints", "greeter");
        var coloured = await Run(new Setup(Colour: true), "get", "endpoints", "greeter");

        Assert.DoesNotContain('\e', plain.Out);
        Assert.Contains("\e[31mEjected\e[0m", coloured.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_column_is_cut_at_a_terminals_edge_and_never_in_a_pipe()
    {
        Server.On("GET /v1/services/default/greeter/endpoints", Samples.Page(null, Samples.EndpointB));

        var narrow = await Run(new Setup(Width: 80), "get", "endpoints", "greeter");
        var piped = await Run("get", "endpoints", "greeter");

        Assert.EndsWith("5 consecu…", narrow.Text, StringComparison.Ordinal);
        Assert.All(narrow.Text.Split('\n'), line => Assert.True(line.Length <= 80));
        Assert.EndsWith("5 consecutive 5xx", piped.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_characters_in_a_reason_do_not_reach_the_terminal()
    {
        Server.On("GET /v1/services/default/greeter/endpoints/b", Samples.EndpointB.Replace("5 consecutive 5xx", @"\u001b[2J\u0007gone\nnext", StringComparison.Ordinal));

        var ran = await Run("get", "endpoint", "greeter", "b");

        Assert.EndsWith("\uFFFD[2J\uFFFDgone next", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_escaped_in_paths()
    {
        await Run("get", "endpoint", "greeter", "10.0.0.1:80?x=/../y");

        Assert.Equal("/v1/services/default/greeter/endpoints/10.0.0.1%3A80%3Fx%3D%2F..%2Fy", Assert.Single(Server.Requests).Target);
    }
}
