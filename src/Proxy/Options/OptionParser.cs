using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Mesh.Core;
using Mesh.Proxy.Discovery;

namespace Mesh.Proxy.Options;

/// <summary>What became of a command line.</summary>
/// <param name="Options">What was said; null when there is nothing to run.</param>
/// <param name="Text">Help, the version, or everything that is wrong; null when there is something to run.</param>
/// <param name="ExitCode">0, or 2 for a wrong command line.</param>
public sealed record ParsedOptions(ProxyOptions? Options, string? Text, int ExitCode);

/// <summary>Reads flags and <c>MESH_*</c> variables into <see cref="ProxyOptions"/>; a flag wins over its variable.</summary>
public static class OptionParser
{
    private delegate ProxyOptions Setter(ProxyOptions options, string value);

    private sealed record Flag(string Name, string Argument, string Help, Setter Set)
    {
        public string Variable { get; } = $"MESH_{Name[2..].Replace('-', '_').ToUpperInvariant()}";
    }

    private static readonly Flag[] Flags =
    [
        new("--listen", "ADDR:PORT", "where the workload sends its requests (127.0.0.1:15001)", (o, v) => o with { Listen = EndPoint(v) }),
        new("--admin", "ADDR:PORT", "/config, /stats, /ready and /healthz (127.0.0.1:15021)", (o, v) => o with { Admin = EndPoint(v) }),
        new("--control-plane", "URL", "a gateway's gRPC address, https:// for TLS; may be repeated, or hold commas (http://127.0.0.1:15010)", (o, v) => o with { ControlPlane = [.. o.ControlPlane, .. Addresses(v)] }),
        new("--ca", "FILE", "who signed the control plane's certificate, PEM (the system's authorities)", (o, v) => o with { Ca = Text(v) }),
        new("--cert", "FILE", "the certificate to show to the control plane, PEM; read anew when it changes", (o, v) => o with { Cert = Text(v) }),
        new("--key", "FILE", "its private key, PEM", (o, v) => o with { Key = Text(v) }),
        new("--service", "NAME", "ask for this host at once; may be repeated, or hold commas", (o, v) => o with { Services = [.. o.Services, .. Hosts(v)] }),
        new("--node", "ID", "this proxy's name, unique in the mesh (host name and port)", (o, v) => o with { Node = Text(v) }),
        new("--cluster", "NAME", "the group of workloads it belongs to (mesh-proxy)", (o, v) => o with { Cluster = Text(v) }),
        new("--locality", "R[/Z[/S]]", "where it runs: region, zone and subzone; what --region and --zone say wins", Place),
        new("--label", "NAME=VALUE", "what it is labelled, for failoverPriority; may be repeated, or hold commas", (o, v) => o with { Labels = Labels(o.Labels, v) }),
        new("--region", "NAME", "where it runs", (o, v) => o with { Region = Text(v) }),
        new("--zone", "NAME", "where in the region", (o, v) => o with { Zone = Text(v) }),
        new("--ejection-lapse", "TIME", "ejections no longer count after so long without a control plane (60s)", (o, v) => o with { EjectionLapse = Time(v) }),
        new("--detection", "WHO", "who ejects failing endpoints: mesh, local (this proxy alone), or both (mesh)", (o, v) => o with { Detection = Who(v) }),
        new("--configuration-wait", "TIME", "how long the first request for a host waits (5s)", (o, v) => o with { ConfigurationWait = Time(v) }),
        new("--drain", "TIME", "how long requests under way may take at shutdown (10s)", (o, v) => o with { Drain = Time(v) }),
        new("--keepalive", "TIME", "a gateway that is silent for about so long counts as gone (3s)", (o, v) => o with { Keepalive = Time(v) }),
        new("--return-after", "TIME", "go back to the gateway of one's own after so long, half more or less (60s)", (o, v) => o with { ReturnAfter = Time(v) }),
        new("--reconnect-max", "TIME", "the longest wait after all gateways have failed (3s)", (o, v) => o with { ReconnectMax = Time(v) }),
        new("--state", "FILE", "keep the last good configuration there, to start without a control plane (none)", (o, v) => o with { State = File(v) }),
        new("--max-hosts", "N", "hosts followed at once, 1 to 9000 (1000)", (o, v) => o with { MaxHosts = Number(v, 1, 9000) }),
        new("--max-connections", "N", "connections from workloads at once (10000)", (o, v) => o with { MaxConnections = Number(v, 1, 1_000_000) }),
        new("--replay-limit", "BYTES", "of a request's body kept for further tries (65536)", (o, v) => o with { ReplayLimit = Number(v, 0, 16 << 20) }),
    ];

    /// <summary>The text of <c>--help</c>.</summary>
    public static string Help { get; } =
        "mesh-proxy: forwards a workload's HTTP and gRPC requests by host name, as the mesh decides.\n\nUsage: mesh-proxy [flags]\n\n"
        + string.Concat(Flags.Select(f => $"  {f.Name + " " + f.Argument,-26} {f.Help}\n"))
        + "  --verbose                  say more\n  --health URL               ask a running proxy, as http://127.0.0.1:15021/ready: 0 when it says 200, else 1\n  --version                  print the version\n  --help                     print this\n\n"
        + "Times are written 500ms, 10s, 2m or 1h. Each flag has a variable: --control-plane is MESH_CONTROL_PLANE.\n"
        + "Memory is bounded by DOTNET_GCHeapHardLimit (hexadecimal bytes; C800000, which is 200 MB, by default).\n"
        + "Exit codes: 0 stopped when told to, 1 could not run, 2 wrong flags.\n";

    /// <summary>Reads a command line.</summary>
    /// <param name="args">Without the program's name.</param>
    /// <param name="variable">Looks up an environment variable; null when it is not set.</param>
    public static ParsedOptions Parse(IReadOnlyList<string> args, Func<string, string?> variable)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            return new ParsedOptions(null, Help, 0);
        }

        if (args.Contains("--version"))
        {
            return new ParsedOptions(null, $"mesh-proxy {typeof(OptionParser).Assembly.GetName().Version?.ToString(3)}\n", 0);
        }

        var problems = new List<string>();
        var options = new ProxyOptions();
        var given = Split(args, problems);
        foreach (var flag in Flags)
        {
            var values = given.Where(g => g.Name == flag.Name).Select(g => (Source: flag.Name, g.Value)).ToList();
            if (values.Count == 0 && variable(flag.Variable) is { Length: > 0 } value)
            {
                values.Add((flag.Variable, value));
            }

            foreach (var (source, text) in values)
            {
                try
                {
                    options = flag.Set(options, text);
                }
                catch (FormatException wrong)
                {
                    problems.Add($"{source}: '{text}' {wrong.Message}");
                }
            }
        }

        options = options with { Verbose = args.Contains("--verbose") || variable("MESH_VERBOSE") is "1" or "true" };
        return problems.Count == 0
            ? new ParsedOptions(options, null, 0)
            : new ParsedOptions(null, string.Concat(problems.Select(p => $"mesh-proxy: {p}\n")) + "See mesh-proxy --help.\n", 2);
    }

    private static List<(string Name, string Value)> Split(IReadOnlyList<string> args, List<string> problems)
    {
        var given = new List<(string, string)>();
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals > 0 ? args[i][..equals] : args[i];
            if (name == "--verbose")
            {
                continue;
            }

            if (!Flags.Any(f => f.Name == name))
            {
                problems.Add($"'{args[i]}' is not a flag.");
            }
            else if (equals > 0)
            {
                given.Add((name, args[i][(equals + 1)..]));
            }
            else if (i + 1 < args.Count)
            {
                given.Add((name, args[++i]));
            }
            else
            {
                problems.Add($"{name} needs a value.");
            }
        }

        return given;
    }

    private static IPEndPoint EndPoint(string value) =>
        value.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(value.Replace("localhost", "127.0.0.1", StringComparison.Ordinal), out var parsed)
            ? parsed
            : throw new FormatException("is not an address and a port, as in 127.0.0.1:15001.");

    private static Detection Who(string value) => value switch
    {
        "mesh" => Detection.Mesh,
        "local" => Detection.Local,
        "both" => Detection.Both,
        _ => throw new FormatException("is not mesh, local or both."),
    };

    private static Uri[] Addresses(string value)
    {
        var addresses = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return addresses.Length > 0 ? Array.ConvertAll(addresses, Address) : throw new FormatException("is not a URL, as in http://127.0.0.1:15010.");
    }

    private static Uri Address(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? uri
            : throw new FormatException("is not a URL, as in http://127.0.0.1:15010.");

    private static string[] Hosts(string value)
    {
        var hosts = value.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return hosts.Length > 0 && hosts.All(Names.IsSubdomain) ? hosts : throw new FormatException("is not a host name, as in greeter or greeter.shop.mesh.");
    }

    private static ProxyOptions Place(ProxyOptions options, string value)
    {
        var parts = value.Split('/');
        return parts.Length <= 3 && parts[0].Length > 0 && parts.All(static p => p.Length <= 253 && !p.Any(char.IsControl))
            ? options with { Region = parts[0], Zone = parts.ElementAtOrDefault(1) ?? "", SubZone = parts.ElementAtOrDefault(2) ?? "" }
            : throw new FormatException("is not a locality, as in eu-west/a or eu-west/a/rack-7.");
    }

    private static ImmutableSortedDictionary<string, string> Labels(ImmutableSortedDictionary<string, string> known, string value)
    {
        foreach (var label in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            known = label.Split('=', 2) is [{ Length: > 0 and <= 253 } name, { Length: <= 253 } text] && !label.Any(char.IsControl)
                ? known.SetItem(name, text)
                : throw new FormatException("is not a label, as in version=v1.");
        }

        return known;
    }

    private static string Text(string value) =>
        value.Length is > 0 and <= 256 && !value.Any(char.IsControl) ? value : throw new FormatException("is not 1 to 256 printable characters.");

    private static string File(string value) =>
        Path.GetDirectoryName(Path.GetFullPath(Text(value))) is { } folder && Directory.Exists(folder)
            ? value
            : throw new FormatException("is not a file in a folder that exists.");

    private static int Number(string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"is not a number from {least} to {most}.");

    private static TimeSpan Time(string value)
    {
        var digits = value.AsSpan().TrimEnd("hms");
        var factor = value[digits.Length..] switch { "ms" => 1, "s" => 1000, "m" => 60_000, "h" => 3_600_000, _ => 0 };
        return factor > 0
            && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * factor is >= 1 and <= 86_400_000
            ? TimeSpan.FromMilliseconds(number * factor)
            : throw new FormatException("is not a time from 1ms to 24h, as in 500ms, 10s, 2m or 1h.");
    }
}
