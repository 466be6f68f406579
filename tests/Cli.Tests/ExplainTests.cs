namespace Mesh.Cli.Tests;

public class ExplainTests : MeshctlTest
{
    private const string Evidence = """
        {"detector":"SuccessRate","statement":"30 of 100 requests failed (30 %), the limit was 12.5 %","count":30,"threshold":13,"requests":100,
         "since":"2026-03-01T11:59:22Z","sources":[{"proxy":"p1","count":20},{"proxy":"","count":10}],"sourcesTotal":30}
        """;

    private const string Explanation = $$$"""
        {"service":"default/greeter","version":"3.17","policy":"DestinationRule/default/greeter@2","budget":{"hosts":20,"ejected":1},
         "maxEjectionPercent":10,"quiet":18,"leftOut":0,"ledgerSince":"2026-02-28T12:00:00Z",
         "endpoints":[
          {"id":"b","now":{{{Samples.EndpointB}}},"weight":{"configured":10,"factors":[{"name":"probing","factor":0.05,"reason":"until it has proven itself"}],"effective":0.5},
           "consecutiveFailures":4,"check":"passed 3 s ago",
           "ejections":[
            {"ejected":{"number":17,"at":"2026-03-01T11:59:32Z","endpoint":"b","kind":"Ejected","reason":"success rate","evidence":{{{Evidence}}},
              "policy":"DestinationRule/default/greeter@2","budget":{"hosts":20,"ejected":0},"until":"2026-03-01T12:00:02Z"}},
            {"ejected":{"number":5,"at":"2026-03-01T11:50:00Z","endpoint":"b","kind":"Ejected","reason":"by hand: disk","until":"2026-03-01T11:55:00Z"},
             "ended":{"number":7,"at":"2026-03-01T11:55:00Z","endpoint":"b","kind":"Returned","reason":"its time was over"},
             "settled":{"number":8,"at":"2026-03-01T11:55:02Z","endpoint":"b","kind":"Proven","reason":"3 successes in a row"}}],
           "notes":[
            {"number":16,"at":"2026-03-01T11:59:00Z","endpoint":"b","kind":"Refused","reason":"2 of 20 are ejected","evidence":{{{Evidence}}}},
            {"number":15,"at":"2026-03-01T11:58:00Z","endpoint":"b","kind":"Weight","reason":"slower than its peers","weightBefore":10,"weightAfter":9.5}]},
          {"id":"gone","consecutiveFailures":0,"ejections":[],"notes":[]}]}
        """;

    [Fact]
    public async Task A_service_is_explained_endpoint_by_endpoint_with_figures_that_add_up()
    {
        Server.On("GET /v1/services/default/greeter/explain", Explanation);

        var ran = await Run("explain", "greeter");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(
            """
            Service:  default/greeter
            Policy:   DestinationRule/default/greeter@2
            Budget:   1 of 20 ejected, at most 10% may be
            Ledger:   since 2026-02-28 12:00:00Z, 1d0h ago
            Quiet:    18 healthy without a history, not listed

            b  Ejected  5 consecutive 5xx
              Address:             [fd00::2]:8080
              Ejected until:       2026-03-01 12:00:02Z (in 2s)
              Weight:              0.5 = 10 configured x 0.05 probing (until it has proven itself)
              Run under way:       4 failures in a row, over the whole mesh
              Checks:              passed 3 s ago
              Ejections in a row:  1

              Ejected 28s ago, 2026-03-01 11:59:32Z (entry 17)
                Detector:      SuccessRate
                Evidence:      30 of 100 requests failed (30 %), the limit was 12.5 %
                Counted from:  2026-03-01 11:59:22Z, for 10s
                Seen by:       p1 20, others 10 = 30, which is all of them
                Policy:        DestinationRule/default/greeter@2
                Budget:        0 of 20 were ejected before it
                Until:         2026-03-01 12:00:02Z
                Came back:     not yet

              Ejected 10m ago, 2026-03-01 11:50:00Z (entry 5)
                Reason:     by hand: disk
                Policy:     none; defaults held
                Until:      2026-03-01 11:55:00Z
                Came back:  after 5m0s: its time was over; proven 2s later

              Also
                AGO    WHAT      WHY
                60s    Refused   30 of 100 requests failed (30 %), the limit was 12.5 %; 2 of 20 are ejected
                2m0s   Weight    10 -> 9.5: slower than its peers

            gone  not registered any more
            """.ReplaceLineEndings("\n"),
            ran.Text);
    }

    [Fact]
    public async Task One_endpoint_is_asked_for_by_name()
    {
        Server.On("GET /v1/services/default/greeter/explain?endpoint=b", Explanation.Replace("\"count\":20", "\"count\":19", StringComparison.Ordinal).Replace("\"sourcesTotal\":30", "\"sourcesTotal\":29", StringComparison.Ordinal));

        var ran = await Run("explain", "greeter", "b");

        Assert.Contains("p1 19, others 10 = 29, which does NOT add up to 30", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Quiet", ran.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Restored", "put back by hand: a reason")]
    [InlineData("Drained", "it was drained")]
    [InlineData("Ejected", "it was ejected once more")]
    public async Task Each_way_back_is_told(string kind, string expected)
    {
        Server.On("GET /v1/services/default/greeter/explain", Explanation
            .Replace("\"kind\":\"Returned\",\"reason\":\"its time was over\"", $"\"kind\":\"{kind}\",\"reason\":\"a reason\"", StringComparison.Ordinal)
            .Replace("\"kind\":\"Proven\"", "\"kind\":\"Ejected\"", StringComparison.Ordinal));

        Assert.Contains($"{expected}; failed its proof 2s later", (await Run("explain", "greeter")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_the_answer_is_shown_whole()
    {
        Server.On("GET /v1/services/shop/cart/explain", Explanation);

        var ran = await Run("explain", "shop/cart", "-o", "json");

        Assert.Contains("\"sourcesTotal\": 30", ran.Out, StringComparison.Ordinal);
        Assert.Contains("sourcesTotal: 30", (await Run("explain", "shop/cart", "-o", "yaml")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Colour_is_for_terminals_only()
    {
        Server.On("GET /v1/services/default/greeter/explain", Explanation);

        Assert.DoesNotContain('\e', (await Run("explain", "greeter")).Out);
        Assert.Contains("\e[31mEjected\e[0m", (await Run(new Setup(Colour: true), "explain", "greeter")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_exist_has_its_own_exit_code() => Assert.Equal(3, (await Run("explain", "nobody")).ExitCode);
}
