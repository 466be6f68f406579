using System.Security.Cryptography;
using System.Text;

namespace Mesh.Cli.Tests;

public sealed class MoveTests : MeshctlTest, IDisposable
{
    private const string Policy = """{"type":"policy","kind":"DestinationRule","namespace":"shop","name":"cart","version":2,"document":{}}""";
    private const string Service = """{"type":"service","service":"shop/cart","lastEntry":1}""";
    private const string Entry = """{"type":"entry","service":"shop/cart","entry":{"number":1,"kind":"Drained"}}""";
    private const string A = """{"type":"endpoint","service":"shop/cart","endpoint":{"spec":{"id":"a","port":80}}}""";
    private const string B = """{"type":"endpoint","service":"shop/cart","endpoint":{"spec":{"id":"b","port":80}}}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("meshctl-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_export_goes_to_standard_output_or_to_a_file_whole()
    {
        var export = Export(Policy, Service, Entry, A);
        Server.On("GET /v1/export", export);

        Assert.Equal(export, (await Run("export")).Out);
        var path = Path.Combine(_folder.FullName, "mesh.jsonl");
        var ran = await Run("export", "-f", path);
        Assert.Equal((0, $"meshctl: {path}: 1 policy, 1 service, 1 endpoint, 1 ledger entry.\n"), (ran.ExitCode, ran.Error));
        Assert.Equal(export, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(2, (await Run("export", "-f", Path.Combine(path, "no", "such"))).ExitCode);

        Server.On("GET /v1/export", Export(Service, A, B));
        Assert.Equal($"meshctl: {path}: 0 policies, 1 service, 2 endpoints, 0 ledger entries.\n", (await Run("export", "-f", path)).Error);
    }

    [Fact]
    public async Task An_export_that_breaks_off_leaves_no_file()
    {
        Server.On("GET /v1/export", Export(Policy, Service, Entry, A)[..^40]);
        var path = Path.Combine(_folder.FullName, "mesh.jsonl");

        var ran = await Run("export", "-f", path);

        Assert.Equal(1, ran.ExitCode);
        Assert.Empty(_folder.GetFiles());
    }

    [Theory]
    [InlineData("cut", "is cut: it ends after line 4 without a trailer")]
    [InlineData("changed", "line 6: the checksum is not that of the lines")]
    [InlineData("lost", "the trailer says endpoints = 1, and there are 0")]
    [InlineData("newer", "the export's format is newer than this meshctl knows")]
    [InlineData("other", "line 1: it is not an export")]
    [InlineData("text", "line 1: it is not an export")]
    [InlineData("after", "there is a line after the trailer")]
    [InlineData("twice", "line 3: there is a second header")]
    public async Task A_file_that_is_not_as_it_was_written_is_not_sent(string what, string said)
    {
        var export = Export(Policy, Service, Entry, A);
        var lines = export.TrimEnd('\n').Split('\n');
        var path = Write("bad", what switch
        {
            "cut" => string.Join('\n', lines[..4]),
            "changed" => export.Replace("\"port\":80", "\"port\":81", StringComparison.Ordinal),
            "lost" => export.Replace(A + "\n", "", StringComparison.Ordinal),
            "newer" => export.Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal),
            "other" => """{"items":[]}""",
            "text" => "hello\n",
            "after" => export + A,
            _ => string.Join('\n', [lines[0], lines[1], lines[0], .. lines[2..]]),
        });

        var ran = await Run("import", "-f", path);

        Assert.Equal(1, ran.ExitCode);
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task An_import_is_tried_dry_first_and_then_done()
    {
        Server.On("POST /v1/import", """{"complete":true,"dryRun":false,"done":[{"type":"endpoint","written":1,"equal":0,"skipped":0,"refused":0}],"lines":[],"linesTotal":0}""");
        var export = Export(Service, A);

        var ran = await Run("import", "-f", Write("a", export), "--on-conflict", "skip");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(
            """
            TYPE       WRITTEN   EQUAL   SKIPPED   REFUSED
            endpoint   1         0       0         0
            """,
            ran.Text);
        Assert.Equal(
            ["/v1/import?dryRun=true&onConflict=skip", "/v1/import?onConflict=skip"], Server.Requests.Select(static request => request.Target));
        Assert.All(Server.Requests, request => Assert.Equal((export, "application/x-ndjson"), (request.Body, request.ContentType)));
        Assert.Equal(0, (await Run(new Setup(Input: export), "import", "-f", "-")).ExitCode);
    }

    [Fact]
    public async Task What_is_refused_is_shown_by_its_line_and_nothing_is_written()
    {
        Server.On("POST /v1/import", """
            {"complete":false,"dryRun":true,"done":[{"type":"endpoint","written":0,"equal":0,"skipped":0,"refused":1}],
             "lines":[{"line":3,"type":"endpoint","name":"shop/cart/a","result":"Refused","problems":[{"field":"port","value":"0","detail":"A port is 1 to 65535.","remedy":"Name the port that it listens on."}]}],"linesTotal":1}
            """);

        var ran = await Run("import", "-f", Write("a", Export(Service, A)));

        Assert.Equal(1, ran.ExitCode);
        Assert.Equal(
            """
            meshctl: line 3: endpoint shop/cart/a is refused
              port = 0
                A port is 1 to 65535.
                Name the port that it listens on.
            meshctl: nothing was written.

            """,
            ran.Error);
        Assert.Equal("/v1/import?dryRun=true&onConflict=fail", Assert.Single(Server.Requests).Target);
    }

    [Fact]
    public async Task Two_exports_are_equal_or_their_differences_are_a_table()
    {
        var a = Write("a", Export(Policy, Service, Entry, A));
        var same = Write("same", Export(Policy, Service, Entry, A).Replace("12:00", "13:00", StringComparison.Ordinal));
        var b = Write("b", Export(Policy.Replace("\"version\":2", "\"version\":3", StringComparison.Ordinal), Service, B));

        var equal = await Run("export", "diff", a, same);
        Assert.Equal((0, "equal"), (equal.ExitCode, equal.Text));

        var different = await Run("export", "diff", a, b);
        Assert.Equal(1, different.ExitCode);
        Assert.Equal(
            """
            TYPE       NAME                        FIELD     FIRST      SECOND
            policy     DestinationRule/shop/cart   version   2          3
            entry      shop/cart#1                 -         is there   -
            endpoint   shop/cart/a                 -         is there   -
            endpoint   shop/cart/b                 -         -          is there
            """,
            different.Text);
        Assert.Contains("\"equal\": false", (await Run("export", "diff", a, b, "-o", "json")).Text, StringComparison.Ordinal);
        Assert.Equal(2, (await Run("export", "diff", a, Path.Combine(_folder.FullName, "none"))).ExitCode);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Export(params string[] lines)
    {
        var body = string.Concat(lines.Select(static line => line + "\n"));
        var sum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        return $$"""{"type":"header","format":1,"product":"0.1.0","cluster":"mesh","at":"2026-03-01T12:00:00+00:00"}""" + "\n" + body
            + $$"""{"type":"trailer","policies":{{Count("policy")}},"services":{{Count("service")}},"entries":{{Count("entry")}},"endpoints":{{Count("endpoint")}},"sha256":"{{sum}}"}""" + "\n";

        int Count(string type) => lines.Count(line => line.StartsWith($$"""{"type":"{{type}}" """.TrimEnd(), StringComparison.Ordinal));
    }
}
