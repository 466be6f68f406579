using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Api;

namespace Mesh.Cli.Moving;

/// <summary>Reads an export line by line, as bytes, because its checksum is one of bytes.</summary>
internal static class ExportLines
{
    /// <summary>The lines without their line feeds.</summary>
    /// <param name="stream">From where.</param>
    /// <param name="source">Its name, for people.</param>
    /// <param name="cancel">Ends it.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(Stream stream, string source, [EnumeratorCancellation] CancellationToken cancel)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        long number = 0;
        while (true)
        {
            var result = await reader.ReadAsync(cancel);
            var rest = result.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                number++;
                yield return rest.Slice(0, end).ToArray();
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (rest.Length > ExportFormat.MostLineBytes)
            {
                throw new Failure(
                    ExitCodes.Refused, $"{source}, line {number + 1}: it is longer than {ExportFormat.MostLineBytes} bytes.", "Give a file as 'meshctl export' wrote it.");
            }

            if (result.IsCompleted)
            {
                if (!rest.IsEmpty)
                {
                    yield return rest.ToArray();
                }

                yield break;
            }

            reader.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>Opens a file; what hinders it is said in words.</summary>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, useAsync: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure.Usage(
                $"cannot read '{path}': {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "it cannot be opened")}.", "Name a file that 'meshctl export' wrote.");
        }
    }
}
