using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Tls;

/// <summary>What all files with certificates have to fulfil.</summary>
internal static class Certificates
{
    public static X509Certificate2Collection In(PemFile file, string text)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            throw file.Wrong("holds a certificate that cannot be read", "See what is wrong with it: openssl x509 -noout -text -in FILE");
        }

        return all.Count > 0
            ? all
            : throw file.Wrong("holds no certificate in PEM", "Its first line should be -----BEGIN CERTIFICATE-----; openssl x509 -inform der -in FILE turns DER into PEM");
    }

    public static void CheckTime(PemFile file, X509Certificate2 certificate, DateTimeOffset now)
    {
        if (certificate.NotAfter.ToUniversalTime() <= now)
        {
            throw file.Wrong($"holds a certificate that ran out at {Text(certificate.NotAfter)}", "Renew it");
        }

        if (certificate.NotBefore.ToUniversalTime() > now)
        {
            throw file.Wrong($"holds a certificate that is valid from {Text(certificate.NotBefore)} only", "Wait, or set this machine's clock");
        }
    }

    private static string Text(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
