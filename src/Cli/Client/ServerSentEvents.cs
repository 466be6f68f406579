using System.Runtime.CompilerServices;
using System.Text;

namespace Mesh.Cli.Client;

/// <summary>One event of a text/event-stream.</summary>
internal sealed record ServerSentEvent(string? Id, string Kind, string Data);

/// <summary>
/// Reads a text/event-stream (HTML Living Standard, 9.2.6), as far as ours goes. .NET has <c>System.Net.ServerSentEvents</c>, but as a
/// separate assembly that costs a start more than these lines do.
/// </summary>
internal static class ServerSentEvents
{
    public static async IAsyncEnumerable<ServerSentEvent> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string? id = null;
        var kind = "message";
        var data = new StringBuilder();
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                {
                    yield return new ServerSentEvent(id, kind, data.ToString(0, data.Length - 1));
                }

                kind = "message";
                data.Clear();
                continue;
            }

            var (field, value) = Split(line);
            switch (field)
            {
                case "id":
                    id = value;
                    break;
                case "event":
                    kind = value;
                    break;
                case "data":
                    data.Append(value).Append('\n');
                    break;
                default:
                    // A comment (the server's keep-alive) or a field that means nothing here.
                    break;
            }
        }
    }

    private static (string Field, string Value) Split(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return (line, "");
        }

        var start = colon + 1 < line.Length && line[colon + 1] == ' ' ? colon + 2 : colon + 1;
        return (line[..colon], line[start..]);
    }
}
