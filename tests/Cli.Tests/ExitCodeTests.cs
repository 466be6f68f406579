using System.Net;
using System.Net.Sockets;

namespace Mesh.Cli.Tests;

public class ExitCodeTests : MeshctlTest
{
    [Fact]
    public async Task Nobody_listening_is_4_and_says_how_to_start_one()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndPoint!).Port}";

        var ran = await Run(new Setup(Server: url), "get", "services");

        Assert.Equal((4, ""), (ran.ExitCode, ran.Out));
        Assert.Equal(
            $"meshctl: cannot reach the control plane at {url}: connection refused.\n  Start one with './mesh up', or name another with --server URL or MESH_SERVER.\n",
            ran.Error);
    }

    [Fact]
    public async Task What_does_not_exist_is_3()
    {
        var ran = await Run("get", "service", "nobody");

        Assert.Equal(3, ran.ExitCode);
        Assert.Equal("meshctl: There is no such thing.\n  See the list.\n", ran.Error);
    }

    [Fact]
    public async Task A_refusal_is_1_and_names_the_field()
    {
        Server.On("POST /v1/services/default/a/endpoints/b/eject", """{"title":"Refused.","problems":[{"field":"duration","value":"999h","detail":"Too long.","remedy":"At most 24h."}]}""", 400);

        var ran = await Run("eject", "a", "b", "--for", "999h");

        Assert.Equal(1, ran.ExitCode);
        Assert.Equal("meshctl: Refused.\n  duration = 999h\n    Too long.\n    At most 24h.\n", ran.Error);
    }

    [Fact]
    public async Task An_answer_that_is_no_problem_document_still_says_what_to_do()
    {
        Server.On("GET /v1/services", "<html>oops</html>", 502);

        var ran = await Run("get", "services");

        Assert.Equal(1, ran.ExitCode);
        Assert.Equal($"meshctl: {Server.Url} answered 502 (bad gateway).\n  Look at the control plane's log; if it has just started, try again.\n", ran.Error);
    }

    [Fact]
    public async Task A_server_that_is_not_ours_is_recognised()
    {
        Server.On("GET /v1/services", "hello");

        var ran = await Run("get", "services");

        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("probably not a Mesh.Orleans control plane", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get bogus", "'bogus'")]
    [InlineData("get services -o xml", "'xml'")]
    [InlineData("get services a/b/c", "'a/b/c' does not name a service.")]
    [InlineData("get services a/b -n c", "name two namespaces")]
    [InlineData("apply", "'--filename' is required")]
    [InlineData("eject greeter b --for soon", "--for 'soon' is not a length of time.")]
    [InlineData("get services --server ftp://x", "--server 'ftp://x' is not an address.")]
    [InlineData("delete", "nothing to delete.")]
    public async Task A_wrong_command_line_is_2_and_nothing_is_sent(string line, string message)
    {
        var ran = await Run(line.Split(' '));

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(message, ran.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task The_server_can_be_named_without_a_scheme_and_the_option_wins_over_the_environment()
    {
        Server.On("GET /v1/services", Samples.Page(null, Samples.Greeter));

        var ran = await Run(new Setup(Server: "http://127.0.0.1:1"), "get", "services", "--server", Server.Url["http://".Length..]);

        Assert.Equal(0, ran.ExitCode);
    }

    [Fact]
    public async Task Help_lists_every_exit_code_and_is_what_a_bare_meshctl_prints()
    {
        var bare = await Run();
        var help = await Run("--help");

        Assert.Equal(0, bare.ExitCode);
        Assert.Equal(help.Out, bare.Out);
        Assert.All(Enumerable.Range(0, 6), code => Assert.Contains($"  {code}  ", help.Out, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_shell_is_told_what_may_come_next()
    {
        var ran = await Run("[suggest:4]", "get ");

        Assert.Contains("endpoints\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("_meshctl", (await Run("completion", "bash")).Out, StringComparison.Ordinal);
    }
}
