using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Tls;

/// <summary>The certificate authorities that one side believes, instead of those that the system does.</summary>
public sealed class TrustedRoots
{
    private readonly X509Certificate2Collection _roots;
    private readonly X509Certificate2Collection _between;

    private TrustedRoots(X509Certificate2Collection roots, X509Certificate2Collection between)
    {
        (_roots, _between) = (roots, between);
        NotAfter = roots.Min(static root => root.NotAfter.ToUniversalTime());
    }

    /// <summary>When the first of them runs out.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Reads them; several are believed side by side, as while one replaces another.</summary>
    /// <exception cref="TlsFileException">The file is wrong, or none of its roots is valid at this time.</exception>
    public static TrustedRoots Load(PemFile file, DateTimeOffset now)
    {
        var all = Certificates.In(file, file.Read());
        var roots = all.Where(static c => c.SubjectName.RawData.AsSpan().SequenceEqual(c.IssuerName.RawData)).ToArray();
        if (roots.Length == 0)
        {
            throw file.Wrong($"holds no root: '{all[0].Subject}' was signed by '{all[0].Issuer}'", "Add the certificate of that authority");
        }

        if (Array.TrueForAll(roots, root => root.NotAfter.ToUniversalTime() <= now))
        {
            Certificates.CheckTime(file, roots[0], now);
        }

        return new TrustedRoots([.. roots], [.. all.Except(roots)]);
    }

    /// <summary>How to judge the other side's certificate. A new one for each handshake, which adds to it.</summary>
    /// <param name="ofClients">Whether the other side is a client.</param>
    public X509ChainPolicy Policy(bool ofClients)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // Certificates of a mesh live for hours or days: they run out rather than being revoked.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_between);
        policy.ApplicationPolicy.Add(new Oid(ofClients ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1"));
        return policy;
    }
}
