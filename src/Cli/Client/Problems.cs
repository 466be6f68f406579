using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;

namespace Mesh.Cli.Client;

/// <summary>Turns what came back, or did not, into a <see cref="Failure"/> that says what to do.</summary>
internal static class Problems
{
    public static Failure From(HttpStatusCode status, string body, Uri server)
    {
        var problem = Read(body);
        var exitCode = status == HttpStatusCode.NotFound ? ExitCodes.NotFound : ExitCodes.Refused;
        if (problem is null)
        {
            var remedy = (int)status >= 500
                ? "Look at the control plane's log; if it has just started, try again."
                : "Check --server or MESH_SERVER: meshctl wants the REST port (15080 by default).";
            return new Failure(exitCode, $"{server.AbsoluteUri.TrimEnd('/')} answered {(int)status} ({Words(status)}).", remedy);
        }

        var items = problem.Problems ?? [];
        if (items.Count == 1 && (string.IsNullOrEmpty(items[0].Field) || status == HttpStatusCode.NotFound))
        {
            // One reason without a field is the whole message, and so is what is not there.
            return new Failure(exitCode, Join(items[0].Detail, items[0].Value), items[0].Remedy);
        }

        // The detail usually repeats the first problem; the title says what was refused.
        var message = items.Count > 0 ? problem.Title ?? problem.Detail : problem.Detail ?? problem.Title;
        return new Failure(exitCode, message ?? $"the server answered {(int)status} ({Words(status)})", problems: items);
    }

    public static Failure Unreachable(Uri server, string why) => new(
        ExitCodes.Unreachable, $"cannot reach the control plane at {server.AbsoluteUri.TrimEnd('/')}: {why}.",
        "Start one with './mesh up', or name another with --server URL or MESH_SERVER.");

    /// <summary>From what broke the connection.</summary>
    public static Failure Unreachable(Uri server, HttpRequestException broken) => broken.InnerException switch
    {
        SocketException socket => Unreachable(server, Words(socket)),
        AuthenticationException refused => Untrusted(server, refused.InnerException is null ? refused.Message.TrimEnd('.') : "it does not speak TLS there"),
        _ when server.Scheme == Uri.UriSchemeHttps => Untrusted(server, "it broke the connection off, as one does who wants to see a certificate"),
        _ => Unreachable(server, "it does not answer HTTP there; it may want https://"),
    };

    private static Failure Untrusted(Uri server, string why) => new(
        ExitCodes.Unreachable, $"cannot reach the control plane at {server.AbsoluteUri.TrimEnd('/')}: {why}.",
        "Name who signed its certificate with --ca FILE, show your own with --cert FILE --key FILE, and use a name or an address that its certificate holds.");

    public static string Words(SocketException broken) => broken.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "no such host",
        SocketError.TimedOut => "the connection timed out",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => "no route to it",
        SocketError.ConnectionReset => "connection reset",
        _ => broken.SocketErrorCode.ToString(),
    };

    private static ProblemBody? Read(string body)
    {
        try
        {
            var problem = JsonSerializer.Deserialize(body, MeshJson.Default.ProblemBody);
            return problem is { Title: null, Detail: null, Problems: null } ? null : problem;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Join(string? detail, string? value)
    {
        var text = detail ?? "refused";
        return string.IsNullOrEmpty(value) || text.Contains(value, StringComparison.Ordinal) ? text : $"{text} ({value})";
    }

    private static string Words(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => "not found",
        HttpStatusCode.MethodNotAllowed => "method not allowed",
        HttpStatusCode.InternalServerError => "internal error",
        HttpStatusCode.BadGateway => "bad gateway",
        HttpStatusCode.ServiceUnavailable => "unavailable",
        HttpStatusCode.GatewayTimeout => "gateway time-out",
        _ => status.ToString(),
    };
}
