using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Tests;

/// <summary>A certificate authority of a test's own, with certificates in PEM files under a folder that goes with it.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Past = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Future = new(2090, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-ca-");
    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "Mesh Test CA")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _root = request.CreateSelfSigned(Past, Future);
        Root = Write("ca.pem", _root.ExportCertificatePem());
    }

    /// <summary>The authority's own certificate.</summary>
    public string Root { get; }

    public string Folder => _folder.FullName;

    /// <summary>A server's: for localhost and 127.0.0.1.</summary>
    public (string Cert, string Key) Server(string file = "server", DateTimeOffset? from = null, DateTimeOffset? until = null, bool rsa = false)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        return Issue(file, $"CN={file}", names, "1.3.6.1.5.5.7.3.1", from, until, rsa);
    }

    /// <summary>A client's, with a SPIFFE ID if one is given.</summary>
    public (string Cert, string Key) Client(string file = "client", string? spiffe = null, DateTimeOffset? until = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName($"{file}.clients");
        if (spiffe is not null)
        {
            names.AddUri(new Uri(spiffe));
        }

        return Issue(file, $"CN={file}, O=Mesh", names, "1.3.6.1.5.5.7.3.2", null, until, rsa: false);
    }

    public string Write(string file, string text)
    {
        var path = Path.Combine(Folder, file);
        File.WriteAllText(path, text + "\n");
        return path;
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }

    private (string Cert, string Key) Issue(
        string file, string subject, SubjectAlternativeNameBuilder names, string usage, DateTimeOffset? from, DateTimeOffset? until, bool rsa)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var modulus = RSA.Create(2048);
        var request = rsa
            ? new CertificateRequest(subject, modulus, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, ec, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(names.Build());
        // The authority's key is not RSA, whatever the certificate's own is.
        using var rootKey = _root.GetECDsaPrivateKey()!;
        using var issued = request.Create(
            _root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), from ?? Past, until ?? Future.AddDays(-1), RandomNumberGenerator.GetBytes(12));
        return (Write($"{file}.pem", issued.ExportCertificatePem()), Write($"{file}.key", rsa ? modulus.ExportPkcs8PrivateKeyPem() : ec.ExportPkcs8PrivateKeyPem()));
    }
}
