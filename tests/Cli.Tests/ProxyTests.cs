using System.Text.Json.Nodes;

namespace Mesh.Cli.Tests;

public class ProxyTests : MeshctlTest
{
    [Fact]
    public async Task Proxy_status_says_which_types_run_what_was_decided_which_lag_and_which_were_refused()
    {
        Server.On("GET /v1/proxies", Samples.Page(null, Samples.Proxy, Samples.LaggingProxy));

        var ran = await Run("proxy-status");

        Assert.Equal(
            """
            NODE   CLUSTER   CDS             LDS   EDS           RDS        XDS     WEIGHTS    REPORTS        CONNECTED   ADDRESS           USER AGENT
            p1     web       SYNCED          -     REFUSED 1     -          delta   followed   per endpoint   60s         127.0.0.1:40112   mesh-proxy 0.1.0
            p2     web       STALE (0.4 s)   -     STALE (75s)   NOT SENT   sotw    followed   none           2m0s        127.0.0.1:40114   envoy 1.36

            p1 has refused EDS default/greeter for 12s, version 9: bad weight
              It goes on with 8.
            """,
            ran.Text);
        Assert.Equal(0, ran.ExitCode);
    }

    [Fact]
    public async Task Wide_is_a_row_for_each_type_of_each_proxy()
    {
        Server.On("GET /v1/proxies", Samples.Page(null, Samples.LaggingProxy));

        var ran = await Run("ps", "-o", "wide");

        Assert.Equal(
            """
            NODE   KIND      XDS    TYPE   STATUS          WANTED   HELD   SENT   ACCEPTED   LAST ACCEPTED   LOCALITY   CONNECTED   ADDRESS           USER AGENT
            p2     Sidecar   sotw   CDS    STALE (0.4 s)   all      12     7      6          59s ago         eu/a       2m0s        127.0.0.1:40114   envoy 1.36
            p2     Sidecar   sotw   EDS    STALE (75s)     12       12     9      8          10m ago         eu/a       2m0s        127.0.0.1:40114   envoy 1.36
            p2     Sidecar   sotw   RDS    NOT SENT        1        0      -      -          -               eu/a       2m0s        127.0.0.1:40114   envoy 1.36
            """,
            ran.Text);
    }

    [Theory]
    [InlineData("proxy-status", 0, "")]
    [InlineData("proxy-status --fail-on-refused", 5, "1 of 2 proxies refuse something.")]
    [InlineData("proxy-status --fail-on-stale 60s", 5, "1 of 2 proxies have been behind for longer than 60s.")]
    [InlineData("proxy-status --fail-on-stale 80s", 0, "")]
    [InlineData("proxy-status --fail-on-stale 1s --fail-on-refused -o json", 5, "1 of 2 proxies refuse something.")]
    [InlineData("proxy-status --fail-on-stale soon", 2, "--fail-on-stale 'soon' is not a length of time.")]
    public async Task A_script_can_ask_for_an_exit_code(string line, int exitCode, string said)
    {
        Server.On("GET /v1/proxies", Samples.Page(null, Samples.Proxy, Samples.LaggingProxy));

        var ran = await Run(line.Split(' '));

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Equal(said.Length == 0, ran.Error.Length == 0);
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_beyond_those_that_are_named_are_counted()
    {
        Server.On("GET /v1/proxies", Samples.Page(null, Samples.Proxy.Replace("\"refused\":1", "\"refused\":40", StringComparison.Ordinal)));

        Assert.EndsWith(
            "p1 refuses 39 more of EDS; see them with 'meshctl proxy-config p1 --type eds'.", (await Run("proxy-status")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_status_says_who_ignores_weights_and_whose_reports_tell_nothing_of_endpoints()
    {
        Server.On("GET /v1/proxies", Samples.Page(null, Samples.ProxylessGrpc));

        var ran = await Run("proxy-status");

        Assert.EndsWith(
            "g1: weights: ignored (proxyless gRPC); reports: per locality only (nobody is ejected on what it sees), 2s ago", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_proxy_was_sent_is_a_table_of_resources()
    {
        Server.On("GET /v1/proxies/p1/config?bodies=false", Samples.Page("next", Samples.SentCluster))
            .On("GET /v1/proxies/p1/config?bodies=false&continue=next", Samples.Page(null, Samples.SentEndpoints));

        var ran = await Run("proxy-config", "p1");

        Assert.Equal(
            """
            TYPE   NAME              STATUS    SENT   ACCEPTED   BYTES   CHANGED   REFUSED BECAUSE
            CDS    default/greeter   SYNCED    7      7          120     60s ago   -
            EDS    default/greeter   REFUSED   9      8          88      10s ago   bad weight
            """,
            ran.Text);
    }

    [Fact]
    public async Task A_proxy_that_is_connected_twice_has_its_streams_told_apart()
    {
        var other = Samples.SentCluster.Replace("\"stream\":7", "\"stream\":8", StringComparison.Ordinal).Replace("\"Synced\"", "\"Pending\"", StringComparison.Ordinal);
        Server.On("GET /v1/proxies/p1/config?bodies=false&type=cds", Samples.Page(null, Samples.SentCluster, other));

        var ran = await Run("pc", "p1", "--type", "cds");

        Assert.Equal(
            """
            TYPE   NAME              STATUS   SENT   ACCEPTED   BYTES   CHANGED   STREAM                   REFUSED BECAUSE
            CDS    default/greeter   SYNCED   7      7          120     60s ago   7 from 127.0.0.1:40112   -
            CDS    default/greeter   STALE    7      7          120     60s ago   8 from 127.0.0.1:40112   -
            """,
            ran.Text);
    }

    [Fact]
    public async Task One_resource_is_shown_with_what_it_says()
    {
        Server.On("GET /v1/proxies/p1/config?bodies=true&type=eds&resource=default%2Fgreeter", Samples.Page(null, Samples.SentEndpoints));

        var ran = await Run("proxy-config", "p1", "default/greeter", "-t", "eds");

        Assert.Equal(
            """
            Resource:         EDS default/greeter
            Proxy:            p1, stream 7 from 127.0.0.1:40112
            Status:           REFUSED
            Sent:             9
            Accepted:         8
            Refused because:  bad weight
            Changed:          10s ago
            Bytes:            88

            {
              "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
              "cluster_name": "default/greeter"
            }
            """,
            ran.Text);
    }

    [Fact]
    public async Task Json_asks_for_the_bodies_and_shows_all_that_came()
    {
        Server.On("GET /v1/proxies/p1/config?bodies=true", Samples.Page(null, Samples.SentEndpoints));

        var ran = await Run("proxy-config", "p1", "-o", "json");

        Assert.Equal("default/greeter", (string)JsonNode.Parse(ran.Out)!["items"]![0]!["body"]!["cluster_name"]!);
    }

    [Theory]
    [InlineData("proxy-config p1 default/none", 3, "p1 was sent no resource default/none.")]
    [InlineData("proxy-config p1 default/none --type eds", 3, "p1 was sent no EDS resource default/none.")]
    [InlineData("proxy-config p1", 0, "p1 was sent nothing.")]
    [InlineData("proxy-config nobody", 3, "There is no such thing.")]
    [InlineData("proxy-config p1 --type sds", 2, "'sds'")]
    public async Task What_was_not_sent_is_said_with_an_exit_code(string line, int exitCode, string said)
    {
        Server.On("GET /v1/proxies/p1/config", Samples.Page(null));

        var ran = await Run(line.Split(' '));

        Assert.Equal((exitCode, ""), (ran.ExitCode, ran.Out));
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
    }
}
