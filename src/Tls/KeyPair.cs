using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Tls;

/// <summary>A certificate with its private key, and the certificates between it and its root.</summary>
public sealed class KeyPair
{
    private KeyPair(X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        NotAfter = leaf.NotAfter.ToUniversalTime();
        Subject = leaf.Subject;
        // Offline: what is not in the file is not fetched from addresses that a certificate names.
        Context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    /// <summary>What a handshake shows.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>When it runs out.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Whose it is.</summary>
    public string Subject { get; }

    /// <summary>Reads it. The certificate itself comes first in its file, those above it after it.</summary>
    /// <exception cref="TlsFileException">One of the files is wrong, they do not belong together, or the certificate is not valid at this time.</exception>
    public static KeyPair Load(PemFile certificate, PemFile key, DateTimeOffset now)
    {
        var certificateText = certificate.Read();
        var chain = Certificates.In(certificate, certificateText);
        var keyText = key.Read();
        if (keyText.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal) || keyText.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw key.Wrong("holds a key that is locked with a password", "Unlock it: openssl pkey -in LOCKED -out KEY, readable by this user only");
        }

        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw key.Wrong("holds no private key in PEM", "Its first line should be -----BEGIN PRIVATE KEY-----");
        }

        Certificates.CheckTime(certificate, chain[0], now);
        try
        {
            return new KeyPair(X509Certificate2.CreateFromPem(certificateText, keyText), [.. chain.Skip(1)]);
        }
        catch (Exception mismatch) when (mismatch is CryptographicException or ArgumentException)
        {
            throw key.Wrong(
                $"holds no key that fits the first certificate of '{certificate.Path}' ({chain[0].Subject})",
                $"Give the key that it was made with, and put that certificate first in {certificate.Option}");
        }
    }
}
