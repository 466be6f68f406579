namespace Mesh.Cli.Tests;

public class ReplayTests : MeshctlTest
{
    private const string Document = """
        kind: DestinationRule
        metadata:
          name: greeter
        spec: {}
        """;

    private const string Answer = """
        {"service":"default/greeter","document":"DestinationRule/default/greeter","since":"2026-03-01T11:00:00Z",
         "from":"2026-03-01T11:00:05Z","to":"2026-03-01T11:59:55Z","frames":412,"requests":123456,"failures":789,"endpoints":20,
         "candidate":{"ejections":1,"refusals":0,"notEnforced":2,"saved":700,"displaced":30,"moved":0.00591,
          "endpoints":[{"id":"b","requests":1000,"failures":789,"refusals":0,"notEnforced":2,"ejections":[
           {"at":"2026-03-01T11:10:00Z","until":"2026-03-01T11:10:30Z","saved":700,"displaced":30,
            "evidence":{"detector":"Sequential","statement":"9 of 10 requests failed (90 %)","count":9,"threshold":3,"sources":[]}}]}]},
         "inForce":{"policy":"DestinationRule/default/greeter@2","ejections":1,"refusals":3,"notEnforced":0,"saved":5,"displaced":0,"moved":0.00004,
          "endpoints":[{"id":"b","requests":1000,"failures":789,"refusals":3,"refusal":"budget","notEnforced":0,"ejections":[
           {"at":"2026-03-01T11:09:00Z","until":"2026-03-01T11:09:30Z","ended":"2026-03-01T11:09:30Z","saved":5,"displaced":0}]}]},
         "caveats":["What an ejection keeps away goes to the others."]}
        """;

    [Fact]
    public async Task A_policy_is_compared_with_the_one_in_force()
    {
        Server.On("POST /v1/replay?since=1h", Answer);

        var ran = await Run(new Setup(Document), "replay", "-f", "-");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(
            """
            Service:    default/greeter
            Candidate:  DestinationRule/default/greeter
            In force:   DestinationRule/default/greeter@2
            Recorded:   2026-03-01 11:00:05Z to 2026-03-01 11:59:55Z, 123,456 requests to 20 endpoints, 789 failed

            WOULD HAVE                   CANDIDATE   IN FORCE
            ejected                      1           1
            been refused by the budget   0           3
            been noticed and let go      2           0
            saved failures               700         5
            displaced successes          30          0
            moved traffic                0.59%       0%

            ENDPOINT   POLICY      EJECTED                FOR          SAVED   DISPLACED   DETECTOR     EVIDENCE
            b          in force    2026-03-01 11:09:00Z   30s          5       0           -            -
            b          candidate   2026-03-01 11:10:00Z   to the end   700     30          Sequential   9 of 10 requests failed (90 %)

            - What an ejection keeps away goes to the others.
            """.ReplaceLineEndings("\n"),
            ran.Text);
        var asked = Assert.Single(Server.Requests);
        Assert.Equal(("application/yaml; charset=utf-8", Document), (asked.ContentType, asked.Body));
    }

    [Fact]
    public async Task Nothing_recorded_is_said_in_a_word()
    {
        Server.On("POST /v1/replay?since=30m", """
            {"service":"default/greeter","document":"DestinationRule/default/greeter","since":"2026-03-01T11:00:00Z",
             "candidate":{"endpoints":[]},"inForce":{"endpoints":[]},"caveats":[]}
            """);

        var ran = await Run(new Setup(Document), "replay", "-f", "-", "--since", "30m");

        Assert.Contains("Recorded:   nothing", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("ENDPOINT", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_the_answer_is_shown_whole()
    {
        Server.On("POST /v1/replay", Answer);

        Assert.Contains("\"displaced\": 30", (await Run(new Setup(Document), "replay", "-f", "-", "-o", "json")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--since soon")]
    [InlineData("-n shop")]
    public async Task A_wrong_command_line_sends_nothing(string more)
    {
        var document = Document.Replace("name: greeter", "name: greeter\n  namespace: other", StringComparison.Ordinal);
        Assert.Equal(2, (await Run(new Setup(document), ["replay", "-f", "-", .. more.Split(' ')])).ExitCode);
        Assert.Equal(2, (await Run(new Setup($"{Document}\n---\n{Document}"), "replay", "-f", "-")).ExitCode);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task A_refusal_is_shown_as_when_applying()
    {
        Server.On("POST /v1/replay", """
            {"title":"The request is not valid","status":400,"problems":[{"field":"spec.host","value":null,"detail":"It is missing.","remedy":"Name one."}]}
            """, 400);

        var ran = await Run(new Setup(Document), "replay", "-f", "-");

        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("spec.host", ran.Error, StringComparison.Ordinal);
    }
}
