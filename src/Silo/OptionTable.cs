using System.Globalization;
using System.Net;
using System.Text;
using Mesh.Core;

namespace Mesh.Silo;

/// <summary>
/// The options by name. One table makes the parser, the environment variables, the names in appsettings.json and the help text, so
/// that none of them can lag behind. A command-line library would cost a start more than these lines do.
/// </summary>
internal static class OptionTable
{
    private static readonly Option[] All =
    [
        new("grpc-port", "N", "gRPC: ADS, LRS and the registry; 0 picks a free port [15010]", static (o, t) => o with { GrpcPort = Port(t) }),
        new("rest-port", "N", "REST, /metrics, /healthz, /readyz; 0 picks a free port [15080]", static (o, t) => o with { RestPort = Port(t) }),
        new("bind", "IP", "the address to listen on; 0.0.0.0 for all [127.0.0.1]", static (o, t) => o with { Bind = Address(t) }),
        new("data", "DIR", "where registrations and policies are kept [./.mesh/data]", static (o, t) => o with { DataDirectory = Path.GetFullPath(t) }),
        new("replay-window", "TIME", "how long reports are kept for replays, up to 24h; 0s keeps none [2h]", static (o, t) => o with { ReplayWindow = Window(t) }),
        new("otlp-endpoint", "URL", "send traces, metrics and logs there, as http://host:4317 (gRPC) or :4318 (HTTP)", static (o, t) => o with { OtlpEndpoint = Url(t) })
        {
            OtherVariable = "OTEL_EXPORTER_OTLP_ENDPOINT",
        },
        new("max-streams", "N", "ADS streams at a time, and as many LRS streams [10000]", static (o, t) => o with { MaxStreams = Number(t, 1, 1_000_000) }),
        new("max-streams-per-client", "N", "of them for one client: by certificate, else by address [1000]", static (o, t) => o with { MaxStreamsPerClient = Number(t, 1, 1_000_000) }),
        new("max-resources-per-stream", "N", "names that one stream may ask for [10000]", static (o, t) => o with { MaxResourcesPerStream = Number(t, 1, 1_000_000) }),
        new("max-message-size", "BYTES", "of one gRPC message from a client [4194304]", static (o, t) => o with { MaxMessageSize = Number(t, 1024, 256 << 20) }),
        new("max-streams-per-connection", "N", "calls at a time on one gRPC connection; further ones wait [100]", static (o, t) => o with { MaxStreamsPerConnection = Number(t, 1, 100_000) }),
        new("endpoints-ttl", "TIME", "life of endpoints at clients that hear of us no longer: 5s to 24h, or none [none]", static (o, t) => o with { EndpointsTtl = Ttl(t) }),
        new("tls-cert", "FILE", "TLS on both ports: the certificate, then those above it; PEM, read anew when it changes", static (o, t) => o with { TlsCert = File(t) }),
        new("tls-key", "FILE", "its private key; PEM", static (o, t) => o with { TlsKey = File(t) }),
        new("grpc-client-ca", "FILE", "clients of gRPC have to show a certificate that this authority signed; PEM", static (o, t) => o with { GrpcClientCa = File(t) }),
        new("grpc-client-cert", "MODE", "require it, or request it: who has none may come too [require]", static (o, t) => o with { GrpcClientCert = Mode(t) }),
        new("rest-client-ca", "FILE", "the same for REST, with /metrics and /healthz", static (o, t) => o with { RestClientCa = File(t) }),
        new("drain-announce", "TIME", $"when told to stop, say so for so long before streams are handed over, up to 60s [{GrainRuntime.DrainAnnounce.TotalSeconds:0}s]", static (o, t) => o with { DrainAnnounce = Drain(t) }),
        new("drain-time", "TIME", $"then hand streams over to other gateways within this time, up to 60s; 0s: at once [{GrainRuntime.DrainTime.TotalSeconds:0}s]", static (o, t) => o with { DrainTime = Drain(t) }),
        new("log-json", null, "log in JSON, one object per line", static (o, t) => o with { JsonLogs = Flag(t) }),
        new("verbose", null, "log more", static (o, t) => o with { Verbose = Flag(t) }),
#if CLUSTER
        new("role", "ROLE", "all: silo with the gateway inside; grains: silo alone, of REST only health and metrics; gateway: that alone, a client of the silos [all]", static (o, t) => o with { Role = Role(t) }),
        new("name", "NAME", "what it is called in status and logs [the host's name]", static (o, t) => o with { Name = Label(t) }),
        new("postgres", "TEXT", "connection string of the PostgreSQL that holds the cluster's members", static (o, t) => o with { Postgres = t }),
        new("redis", "TEXT", "connection string of the Redis that holds the grains' states", static (o, t) => o with { Redis = t }),
        new("cluster-id", "NAME", "silos of the same id form a cluster [mesh]", static (o, t) => o with { ClusterId = t }),
        new("advertise", "IP", "the address other silos reach this one at [127.0.0.1]", static (o, t) => o with { Advertise = Address(t) }),
        new("silo-port", "N", "where this silo listens for others [11111]", static (o, t) => o with { SiloPort = Port(t) }),
        new("orleans-gateway-port", "N", "where it listens for those of --role gateway; 0 for none [30000]", static (o, t) => o with { OrleansGatewayPort = Port(t) }),
#endif
    ];

    /// <summary>Reads the options: the command line wins over the environment, that over appsettings.json.</summary>
    /// <param name="arguments">Of the command line.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="settings">Looks up a key of appsettings.json.</param>
    /// <exception cref="UsageException">Something is wrong; the message says what and what would be right.</exception>
    public static SiloOptions Read(IReadOnlyList<string> arguments, Func<string, string?> environment, Func<string, string?> settings)
    {
        var options = new SiloOptions();
        var given = Given(arguments);
        foreach (var option in All)
        {
            var (source, text) = given.TryGetValue(option.Name, out var argument) ? ($"--{option.Name}", argument)
                : environment(option.Variable) is { Length: > 0 } variable ? (option.Variable, variable)
                : option.OtherVariable is { } other && environment(other) is { Length: > 0 } value ? (other, value)
                : settings($"Mesh:{option.Key}") is { Length: > 0 } setting ? ($"Mesh:{option.Key} in appsettings.json", setting)
                : default;
            if (source is not null)
            {
                options = Set(options, option, source, text);
            }
        }

        if (options.GrpcPort != 0 && options.GrpcPort == options.RestPort)
        {
            throw new UsageException($"--grpc-port and --rest-port are both {options.GrpcPort}. Give them different ones.");
        }

        return options;
    }

    public static string Help()
    {
        var text = new StringBuilder("""
            mesh-silo: the control plane of Mesh.Orleans, in one process.

            Usage: mesh-silo [OPTION...]


            """);
        foreach (var option in All)
        {
            var name = option.Argument is null ? $"--{option.Name}" : $"--{option.Name} {option.Argument}";
            text.Append(CultureInfo.InvariantCulture, $"  {name,-30} {option.Text}\n");
        }

        text.Append("""
              --health URL                   ask a running one, as http://127.0.0.1:15080/readyz: exit code 0 when it says 200, else 1
              --help                         this text
              --version                      the version

            Each option can also be an environment variable (--grpc-port: MESH_GRPC_PORT) or a line of appsettings.json beside the
            program or in the current folder (Mesh:GrpcPort). The command line wins over the environment, that over the file.

            Exit codes: 0 stopped in order, 1 failed or was told twice to stop, 2 wrong options, 3 a port or the store is in use, or
            the store is not fit for use, 4 the cluster declared this silo dead: start it again.

            """);
        return text.ToString();
    }

    private static Dictionary<string, string> Given(IReadOnlyList<string> arguments)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = argument.StartsWith("--", StringComparison.Ordinal) ? argument[2..(equals < 0 ? argument.Length : equals)] : null;
            var option = Array.Find(All, option => option.Name == name)
                ?? throw new UsageException($"There is no option '{argument}'. See mesh-silo --help.");
            if (equals >= 0)
            {
                given[option.Name] = argument[(equals + 1)..];
            }
            else if (option.Argument is null)
            {
                given[option.Name] = "true";
            }
            else
            {
                given[option.Name] = ++i < arguments.Count
                    ? arguments[i]
                    : throw new UsageException($"--{option.Name} lacks its value. Write --{option.Name} {option.Argument}.");
            }
        }

        return given;
    }

    private static SiloOptions Set(SiloOptions options, Option option, string source, string text)
    {
        try
        {
            return option.Set(options, text);
        }
        catch (FormatException error)
        {
            throw new UsageException($"{source} '{text}': {error.Message}");
        }
    }

    private static int Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? port
            : throw new FormatException("This is not a port. Use 1 to 65535, or 0 for a free one.");

    private static int Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"This is not a number from {least} to {most}.");

    private static string File(string text) =>
        text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) ? Path.GetFullPath(text) : throw new FormatException("This is not a file's name.");

    private static ClientCertificates Mode(string text) => text switch
    {
        "require" => ClientCertificates.Require,
        "request" => ClientCertificates.Request,
        _ => throw new FormatException("This is neither require nor request."),
    };

#if CLUSTER
    private static SiloRole Role(string text) => text switch
    {
        "all" => SiloRole.All,
        "grains" => SiloRole.Grains,
        "gateway" => SiloRole.Gateway,
        _ => throw new FormatException("This is no role. Use all, grains or gateway."),
    };

    private static string Label(string text) =>
        text.Length is > 0 and <= 100 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw new FormatException("This cannot be a name. Use 1 to 100 letters, digits and - _ .");
#endif

    private static IPAddress Address(string text) =>
        IPAddress.TryParse(text == "localhost" ? "127.0.0.1" : text, out var address)
            ? address
            : throw new FormatException("This is not an IP address. Use one of this machine's, or 0.0.0.0 for all.");

    private static TimeSpan Window(string text) =>
        DurationText.TryParse(text, out var window) && window >= TimeSpan.Zero && window <= TimeSpan.FromHours(24)
            ? window
            : throw new FormatException("This is not a length of time up to a day. Write it like 2h, or 0s to keep nothing.");

    private static TimeSpan Drain(string text) =>
        DurationText.TryParse(text, out var time) && time >= TimeSpan.Zero && time <= TimeSpan.FromSeconds(60)
            ? time
            : throw new FormatException("This is not a length of time up to a minute. Write it like 3s, or 0s.");

    // Shorter ones would run out by a hiccup, as they are repeated at a third of it.
    private static TimeSpan? Ttl(string text) =>
        text == "none" ? null
        : DurationText.TryParse(text, out var ttl) && ttl >= TimeSpan.FromSeconds(5) && ttl <= TimeSpan.FromHours(24) ? ttl
        : throw new FormatException("This is not a length of time from 5 s to a day. Write it like 60s, or none.");

    private static Uri Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new FormatException("This is not a URL. Write it like http://localhost:4317.");

    private static bool Flag(string text) =>
        bool.TryParse(text, out var flag) ? flag : throw new FormatException("This is neither true nor false.");

    private sealed record Option(string Name, string? Argument, string Text, Func<SiloOptions, string, SiloOptions> Set)
    {
        public string? OtherVariable { get; init; }

        public string Variable => "MESH_" + Name.ToUpperInvariant().Replace('-', '_');

        public string Key => string.Concat(Name.Split('-').Select(static part => char.ToUpperInvariant(part[0]) + part[1..]));
    }
}

/// <summary>The options are wrong. The message is for the person who wrote them.</summary>
internal sealed class UsageException(string message) : Exception(message);
