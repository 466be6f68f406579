using System.Net.Sockets;
using Mesh.Core;
using Mesh.Core.Policies;

namespace Mesh.Grains.Checks;

/// <summary>Checks over real sockets: HTTP, TCP and gRPC. One for the process, because kept connections are its.</summary>
/// <remarks>
/// The clock of time-outs is the machine's and not the mesh's: what is waited for is a real answer. Rejected: a check by the proxies, which are
/// there already; each of them would check each endpoint.
/// </remarks>
public sealed class HealthChecker : IHealthChecker, IDisposable
{
    // Longer than Envoy's no-traffic interval, so that a connection lasts from one check to the next.
    private static readonly TimeSpan KeepConnection = TimeSpan.FromSeconds(90);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        PooledConnectionIdleTimeout = KeepConnection,
        // What is left of a body when the status is known is read so that the connection can be kept, but no more than this.
        MaxResponseDrainSize = 64 * 1024,
        MaxResponseHeadersLength = 32,
    });

    /// <inheritdoc/>
    public async Task<CheckResult> Check(HealthCheck check, string address, int port)
    {
        using var limit = new CancellationTokenSource(check.Timeout > TimeSpan.Zero ? check.Timeout : TimeSpan.FromMilliseconds(1));
        try
        {
            var target = check.Port ?? port;
            return await (check.Protocol switch
            {
                HealthCheckProtocol.Tcp => TcpCheck.Run(address, target, limit.Token),
                HealthCheckProtocol.Grpc => GrpcCheck.Run(_http, check, address, target, limit.Token),
                _ => HttpCheck.Run(_http, check, address, target, limit.Token),
            }).ConfigureAwait(false);
        }
        catch (Exception) when (limit.IsCancellationRequested)
        {
            return CheckResult.Fail($"no answer in {DurationText.Format(check.Timeout)}");
        }
        catch (Exception e)
        {
            return CheckResult.Fail(Note(e));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Never an exception's own words: they name files, addresses and versions, and change with the platform.</summary>
    private static string Note(Exception failure) => failure switch
    {
        SocketException socket => Note(socket.SocketErrorCode),
        HttpRequestException { InnerException: SocketException inner } => Note(inner.SocketErrorCode),
        HttpRequestException { InnerException: IOException { InnerException: SocketException inner } } => Note(inner.SocketErrorCode),
        IOException { InnerException: SocketException inner } => Note(inner.SocketErrorCode),
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } =>
            "closed without an answer",
        HttpRequestException or HttpIOException => "not an HTTP answer",
        FormatException or ArgumentException => "not a request that can be made",
        _ => "it broke off",
    };

    private static string Note(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "connection reset",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown => "unreachable",
        SocketError.TimedOut => "no connection",
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable => "the control plane has no socket left",
        _ => "no connection",
    };
}
