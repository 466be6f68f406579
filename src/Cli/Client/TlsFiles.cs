using System.Net.Security;
using Mesh.Tls;

namespace Mesh.Cli.Client;

/// <summary>What a person said about certificates. Nothing of it is read, and nothing of TLS loaded, for a server without TLS.</summary>
internal sealed record TlsFiles(string? Ca, string? Cert, string? Key, TimeProvider Time)
{
    /// <summary>Whether it was said on the command line, where it is meant for this server; in the environment it may be there for others.</summary>
    public bool Asked { get; init; }

    public void Apply(SocketsHttpHandler handler, Uri server)
    {
        if (server.Scheme != Uri.UriSchemeHttps)
        {
            if (Asked)
            {
                throw Failure.Usage($"--ca, --cert and --key are for TLS, but the server is {server.AbsoluteUri.TrimEnd('/')}.", "Write its address with https://.");
            }
        }
        else if (Ca is not null || Cert is not null || Key is not null)
        {
            Load(handler);
        }
    }

    private void Load(SocketsHttpHandler handler)
    {
        try
        {
            ClientTls.Load(PemFile.At("--ca", Ca), PemFile.At("--cert", Cert), PemFile.At("--key", Key), Time).Apply(handler, SslApplicationProtocol.Http11);
        }
        catch (TlsFileException wrong)
        {
            throw Failure.Usage(wrong.Message);
        }
    }
}
