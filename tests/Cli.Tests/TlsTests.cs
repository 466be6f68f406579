using Mesh.Tests;
using Mesh.Tls;

namespace Mesh.Cli.Tests;

public sealed class TlsTests : MeshctlTest, IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_server_whose_authority_is_named_is_believed_by_flag_and_by_variable()
    {
        await using var server = await Secure();
        Assert.Equal((0, ""), Told(await Run(new Setup(Server: server.Url), "get", "services", "--ca", _authority.Root)));
        Assert.Equal((0, ""), Told(await Run(
            new Setup(Server: server.Url) { Variables = new Dictionary<string, string> { ["MESH_CA"] = _authority.Root } }, "get", "services")));
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_not_and_it_says_what_to_do()
    {
        await using var server = await Secure();
        var ran = await Run(new Setup(Server: server.Url), "get", "services");
        Assert.Equal(4, ran.ExitCode);
        Assert.Contains("The remote certificate is invalid", ran.Error, StringComparison.Ordinal);
        Assert.Contains("--ca FILE", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_demands_a_certificate_is_shown_it()
    {
        await using var server = await Secure(demands: true);
        var (cert, key) = _authority.Client();
        Assert.Equal((0, ""), Told(await Run(new Setup(Server: server.Url), "get", "services", "--ca", _authority.Root, "--cert", cert, "--key", key)));

        var without = await Run(new Setup(Server: server.Url), "get", "services", "--ca", _authority.Root);
        Assert.Equal(4, without.ExitCode);
        Assert.Contains("--cert FILE --key FILE", without.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_speaks_TLS_is_not_taken_for_one_that_is_down()
    {
        await using var server = await Secure();
        var ran = await Run(new Setup(Server: server.Url.Replace("https", "http", StringComparison.Ordinal)), "get", "services");
        Assert.Equal(4, ran.ExitCode);
        Assert.Contains("it may want https://", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_not_spoken_to_as_if_it_were_safe()
    {
        var ran = await Run("get", "services", "--ca", _authority.Root);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("https://", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);

        var unverified = await Run(new Setup(Server: Server.Url.Replace("http", "https", StringComparison.Ordinal)), "get", "services");
        Assert.Equal(4, unverified.ExitCode);
    }

    [Fact]
    public async Task What_the_environment_says_of_certificates_hinders_no_server_without_TLS()
    {
        Server.On("GET /v1/services", """{"items":[]}""");
        Assert.Equal((0, ""), Told(await Run(
            new Setup { Variables = new Dictionary<string, string> { ["MESH_CA"] = _authority.Root } }, "get", "services")));
    }

    [Theory]
    [InlineData("--ca", "/nowhere.pem", "--ca '/nowhere.pem': The file does not exist.")]
    [InlineData("--cert", "/nowhere.pem", "--cert is of no use without --key. Give both.")]
    [InlineData("--key", "/nowhere.pem", "--key is of no use without --cert. Give both.")]
    public async Task A_file_that_is_wrong_is_a_wrong_command_line(string option, string value, string said)
    {
        var ran = await Run(new Setup(Server: "https://127.0.0.1:1"), "get", "services", option, value);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
    }

    private static (int, string) Told(Ran ran) => (ran.ExitCode, ran.Error.Contains("No services", StringComparison.Ordinal) ? "" : ran.Error);

    private async Task<FakeServer> Secure(bool demands = false)
    {
        var (cert, key) = _authority.Server();
        var server = await FakeServer.Start(
            KeyPair.Load(new PemFile("", cert), new PemFile("", key), DateTimeOffset.UtcNow),
            demands ? TrustedRoots.Load(new PemFile("", _authority.Root), DateTimeOffset.UtcNow) : null);
        return server.On("GET /v1/services", """{"items":[]}""");
    }
}
