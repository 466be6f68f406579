using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Gateway.Streams;

/// <summary>
/// What a client's certificate says of it: the SPIFFE ID if there is one (<c>spiffe://domain/ns/default/sa/web</c>, a URI among the alternative names), the
/// subject otherwise. It is shown, and streams are counted by it; nothing is allowed or denied by it.
/// </summary>
internal static class ClientIdentity
{
    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>Longest identity kept, in characters.</summary>
    public const int Longest = 512;

    public static string Of(X509Certificate2 certificate)
    {
        var identity = Uris(certificate).FirstOrDefault(static uri => uri.StartsWith("spiffe://", StringComparison.Ordinal)) ?? certificate.Subject;
        return identity.Length <= Longest ? identity : identity[..Longest];
    }

    private static List<string> Uris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        if (certificate.Extensions[SubjectAlternativeName] is not { } extension)
        {
            return uris;
        }

        // GeneralName ::= CHOICE { ..., uniformResourceIdentifier [6] IA5String, ... }, RFC 5280, 4.2.1.6.
        var uri = new Asn1Tag(TagClass.ContextSpecific, 6);
        try
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(uri))
                {
                    uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, uri));
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
        }
        catch (Exception unreadable) when (unreadable is AsnContentException or CryptographicException)
        {
            // Its CA signed what no standard knows: it goes by its subject.
        }

        return uris;
    }
}
