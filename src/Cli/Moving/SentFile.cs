using System.Net;
using System.Net.Http.Headers;
using Mesh.Api;

namespace Mesh.Cli.Moving;

/// <summary>A file on its way to the server, which says how far it has come. The server reads no faster than it works, so that is how far the work is, about.</summary>
internal sealed class SentFile : HttpContent
{
    private readonly string _path;
    private readonly Action<long, long> _sent;

    /// <param name="path">Which.</param>
    /// <param name="sent">Is told the bytes that are sent, and how many there are.</param>
    public SentFile(string path, Action<long, long> sent)
    {
        (_path, _sent) = (path, sent);
        Headers.ContentType = new MediaTypeHeaderValue(ExportFormat.MediaType);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using var file = ExportLines.Open(_path);
        var buffer = new byte[64 * 1024];
        for (long sent = 0; await file.ReadAsync(buffer) is > 0 and var read;)
        {
            await stream.WriteAsync(buffer.AsMemory(0, read));
            _sent(sent += read, file.Length);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = new FileInfo(_path).Length;
        return true;
    }
}
