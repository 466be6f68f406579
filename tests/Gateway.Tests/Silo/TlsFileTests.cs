using System.Security.Cryptography;
using Mesh.Silo;
using Mesh.Silo.Tls;
using Mesh.Tests;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>Files that a person got wrong: the option, the file, what is wrong with it, and what to do.</summary>
public sealed class TlsFileTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new("Another CA");

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void A_file_that_does_not_exist() => Refused(
        Good() with { TlsCert = "/nowhere/server.pem" }, "--tls-cert '/nowhere/server.pem': The file does not exist. Name a PEM file.");

    [Fact]
    public void A_folder() => Refused(Good() with { TlsKey = _authority.Folder }, $"--tls-key '{_authority.Folder}': The file is a folder.");

    [Fact]
    public void What_is_no_PEM() => Refused(Good() with { TlsCert = _authority.Write("x", "hello") }, "holds no certificate in PEM", "-inform der");

    [Fact]
    public void A_certificate_that_is_none() => Refused(
        Good() with { TlsCert = _authority.Write("x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") }, "cannot be read", "openssl x509");

    [Fact]
    public void A_file_beyond_all_measure() => Refused(Good() with { TlsCert = _authority.Write("x", new string(' ', 1024 * 1024 + 1)) }, "is longer than 1048576 bytes");

    [Fact]
    public void A_key_of_another_certificate() => Refused(
        Good() with { TlsKey = _authority.Server("other").Key }, "--tls-key", "holds no key that fits the first certificate", "CN=server", "first in --tls-cert");

    [Fact]
    public void A_key_of_another_kind() => Refused(Good() with { TlsKey = _authority.Server("other", rsa: true).Key }, "holds no key that fits");

    [Fact]
    public void The_two_files_in_each_others_place()
    {
        var good = Good();
        Refused(good with { TlsCert = good.TlsKey, TlsKey = good.TlsCert }, "--tls-cert", "holds no certificate in PEM");
    }

    [Fact]
    public void A_locked_key()
    {
        using var key = ECDsa.Create();
        var locked = key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        Refused(Good() with { TlsKey = _authority.Write("x", locked) }, "locked with a password", "openssl pkey");
    }

    [Fact]
    public void A_certificate_that_has_run_out() => Refused(
        With(_authority.Server("old", until: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero))), "ran out at 2021-01-01 00:00:00Z. Renew it.");

    [Fact]
    public void A_certificate_of_the_future() => Refused(
        With(_authority.Server("new", from: new DateTimeOffset(2080, 1, 1, 0, 0, 0, TimeSpan.Zero))), "valid from 2080-01-01 00:00:00Z only");

    [Fact]
    public void A_CA_that_is_no_root() => Refused(
        Good() with { GrpcClientCa = _authority.Client().Cert }, "--grpc-client-ca", "holds no root", "signed by 'CN=Mesh Test CA'", "Add the certificate of that authority");

    [Theory]
    [InlineData("--tls-cert a", "--tls-cert is of no use without --tls-key")]
    [InlineData("--tls-key a", "--tls-key is of no use without --tls-cert")]
    [InlineData("--grpc-client-ca a", "--grpc-client-ca needs TLS")]
    [InlineData("--rest-client-ca a", "--rest-client-ca needs TLS")]
    [InlineData("--tls-cert a --tls-key b --grpc-client-cert request", "--grpc-client-cert says nothing without --grpc-client-ca")]
    public void Options_of_which_one_is_missing(string arguments, string said) =>
        Refused(OptionTable.Read(arguments.Split(' '), _ => null, _ => null), said);

    [Fact]
    public void A_mode_that_is_none() => Assert.Contains(
        "neither require nor request",
        Assert.Throws<UsageException>(() => OptionTable.Read(["--grpc-client-cert", "maybe"], _ => null, _ => null)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void An_RSA_key_serves_as_well() => Assert.NotNull(ServerTls.Load(With(_authority.Server("rsa", rsa: true)), TimeProvider.System));

    [Fact]
    public void Several_roots_serve_side_by_side() => Assert.NotNull(ServerTls.Load(
        Good() with { GrpcClientCa = _authority.Write("both.pem", File.ReadAllText(_authority.Root) + File.ReadAllText(_other.Root)) }, TimeProvider.System));

    [Fact]
    public void Without_a_certificate_there_is_nothing() => Assert.Null(ServerTls.Load(new SiloOptions(), TimeProvider.System));

    private SiloOptions Good() => With(_authority.Server());

    private static SiloOptions With((string Cert, string Key) pair) => new() { TlsCert = pair.Cert, TlsKey = pair.Key };

    private static void Refused(SiloOptions options, params string[] said)
    {
        var message = Assert.Throws<UsageException>(() => ServerTls.Load(options, TimeProvider.System)).Message;
        Assert.All(said, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
