namespace Mesh.Cli.Tests;

public class ApplyTests : MeshctlTest
{
    private const string Two = """
        # The first
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          labels: {kind: Trap, name: trap}
          name: greeter
        spec:
          host: greeter   # kept as written
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: billing, namespace: shop}
        spec: {host: billing.shop.mesh}
        ---
        """;

    private const string Refusal = """
        {"title":"The document was refused.","status":400,"detail":"x","problems":[
          {"field":"spec.trafficPolicy.outlierDetection.interval","value":"fast","detail":"It is not a duration.","remedy":"Write it like 10s."},
          {"field":"spec.trafficPolicy.tls","value":null,"detail":"Not acted on yet.","remedy":"Leave it out."}]}
        """;

    [Fact]
    public async Task Each_document_of_a_stream_goes_to_its_own_place_as_it_was_written()
    {
        Server.On("PUT /v1/policies/DestinationRule/default/greeter", """{"version":1,"boundTo":"default/greeter"}""", 201)
            .On("PUT /v1/policies/DestinationRule/shop/billing", """{"version":4,"boundTo":"shop/billing"}""");

        var ran = await Run(new Setup(Input: Two), "apply", "-f", "-");

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.Equal(
            """
            DestinationRule default/greeter created (version 1), bound to default/greeter
            DestinationRule shop/billing configured (version 4), bound to shop/billing
            """,
            ran.Text);
        var sent = Sent();
        Assert.Equal(2, sent.Length);
        Assert.Contains("# kept as written", sent[0].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("billing", sent[0].Body, StringComparison.Ordinal);
        Assert.StartsWith("application/yaml", sent[0].ContentType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_document_is_reported_field_by_field_and_the_next_is_still_applied()
    {
        Server.On("PUT /v1/policies/DestinationRule/default/greeter", Refusal, 400)
            .On("PUT /v1/policies/DestinationRule/shop/billing", """{"version":1,"boundTo":"shop/billing"}""", 201);

        var ran = await Run(new Setup(Input: Two), "apply", "-f", "-");

        Assert.Equal(1, ran.ExitCode);
        Assert.Equal("DestinationRule shop/billing created (version 1), bound to shop/billing", ran.Text);
        Assert.Equal(
            """
            meshctl: stdin:2: DestinationRule default/greeter: The document was refused.
              spec.trafficPolicy.outlierDetection.interval = fast
                It is not a duration.
                Write it like 10s.
              spec.trafficPolicy.tls
                Not acted on yet.
                Leave it out.

            """,
            ran.Error);
    }

    [Fact]
    public async Task What_was_so_already_is_reported_as_unchanged()
    {
        const string stored = """{"version":3,"boundTo":"default/greeter"}""";
        Server.On("GET /v1/policies/DestinationRule/default/greeter", stored).On("PUT /v1/policies/DestinationRule/default/greeter", stored);

        var ran = await Run(new Setup(Input: "{kind: DestinationRule, metadata: {name: greeter}}"), "apply", "-f", "-");

        Assert.Equal("DestinationRule default/greeter unchanged (version 3), bound to default/greeter", ran.Text);
    }

    [Fact]
    public async Task A_dry_run_asks_the_server_and_says_that_nothing_changed()
    {
        Server.On("PUT /v1/policies/DestinationRule/default/greeter?dryRun=true", """{"version":1,"boundTo":"default/greeter","dryRun":true}""");

        var ran = await Run(new Setup(Input: "{kind: DestinationRule, metadata: {name: greeter}}"), "apply", "--dry-run", "-f", "-");

        Assert.Equal("DestinationRule default/greeter is valid, bound to default/greeter (dry run; nothing changed)", ran.Text);
    }

    [Fact]
    public async Task A_file_of_json_may_hold_one_document_or_a_list()
    {
        Server.On("PUT /v1/policies/DestinationRule/a/x", "{}", 201).On("PUT /v1/policies/DestinationRule/b/y", "{}", 201);
        const string list = """[{"kind":"DestinationRule","metadata":{"name":"x","namespace":"a"}},{"kind":"DestinationRule","metadata":{"name":"y","namespace":"b"}}]""";

        var ran = await Run(new Setup(Input: list), "apply", "-f", "-");

        Assert.Equal(0, ran.ExitCode);
        Assert.All(Sent(), request => Assert.StartsWith("application/json", request.ContentType, StringComparison.Ordinal));
        Assert.Equal(2, Sent().Length);
    }

    [Fact]
    public async Task If_version_becomes_an_If_Match_header()
    {
        Server.On("PUT /v1/policies/DestinationRule/default/greeter", "{}");

        await Run(new Setup(Input: "{kind: DestinationRule, metadata: {name: greeter}}"), "apply", "--if-version", "7", "-f", "-");

        Assert.Equal("\"7\"", Assert.Single(Sent()).IfMatch);
    }

    [Theory]
    [InlineData("kind: [oops", 1, "this is not YAML")]
    [InlineData("{\"kind\": oops", 1, "stdin:1: this is not JSON (column 10).")]
    [InlineData("kind: DestinationRule", 1, "stdin:1: the document has no metadata.name.")]
    [InlineData("metadata: {name: x}", 1, "stdin:1: the document has no kind.")]
    [InlineData("# nothing\n---\n", 1, "there is no document in -.")]
    [InlineData("kind: A\nmetadata: {name: x, namespace: one}", 2, "the document says namespace one, the command line two.")]
    public async Task A_file_that_cannot_be_sent_is_refused_before_anything_is(string text, int exitCode, string message)
    {
        var ran = await Run(new Setup(Input: text), "apply", "-f", "-", "-n", "two");

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Contains(message, ran.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task A_directory_is_all_its_documents_in_order()
    {
        var directory = Directory.CreateTempSubdirectory("meshctl-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "2.json"), """{"kind":"DestinationRule","metadata":{"name":"second"}}""", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(directory, "1.yaml"), "kind: DestinationRule\nmetadata:\n  name: first\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(directory, "notes.txt"), "not a document", TestContext.Current.CancellationToken);

            await Run("apply", "-f", directory);

            Assert.Equal(
                ["/v1/policies/DestinationRule/default/first", "/v1/policies/DestinationRule/default/second"],
                Sent().Select(request => request.Target));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_missing_file_is_a_mistake_of_the_command_line()
    {
        var ran = await Run("apply", "-f", "/no/such.yaml");

        Assert.Equal(2, ran.ExitCode);
        Assert.StartsWith("meshctl: there is no file '/no/such.yaml'.", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_takes_away_what_a_file_names()
    {
        Server.On("DELETE /v1/policies/DestinationRule/default/greeter", "", 204);

        var ran = await Run(new Setup(Input: Two), "delete", "-f", "-");

        Assert.Equal(3, ran.ExitCode);
        Assert.Equal("DestinationRule default/greeter deleted", ran.Text);
        Assert.StartsWith("meshctl: DestinationRule shop/billing: There is no such thing.", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_can_take_what_is_gone_for_deleted()
    {
        var ran = await Run("delete", "policy", "greeter", "--ignore-not-found");

        Assert.Equal((0, "DestinationRule default/greeter was not there"), (ran.ExitCode, ran.Text));
    }

    private Asked[] Sent() => [.. Server.Requests.Where(request => request.Method == "PUT")];
}
