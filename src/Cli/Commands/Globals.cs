using System.Collections.Immutable;
using System.CommandLine;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>The options every command has, and the frame each command runs in.</summary>
internal sealed class Globals
{
    public const string DefaultServer = "http://127.0.0.1:15080";

    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private readonly Option<string?> _server = new("--server", "-s")
    {
        Description = $"The control plane's REST address; several with commas, the next is asked when one does not answer [env: MESH_SERVER; default: {DefaultServer}]",
        HelpName = "url",
        Recursive = true,
    };

    private readonly Option<string?> _ca = OfTls("--ca", "Who signed the control plane's certificate, PEM [env: MESH_CA; default: the system's authorities]");

    private readonly Option<string?> _cert = OfTls("--cert", "The certificate to show, PEM [env: MESH_CERT]");

    private readonly Option<string?> _key = OfTls("--key", "Its private key, PEM [env: MESH_KEY]");

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = "The namespace [for lists: all; for names: default]",
        HelpName = "name",
        Recursive = true,
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "How to write the answer",
        HelpName = "table|wide|json|yaml",
        Recursive = true,
        DefaultValueFactory = _ => "table",
    };

    public Globals(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        _output.AcceptOnlyFromAmong("table", "wide", "json", "yaml");
    }

    public void AddTo(RootCommand root)
    {
        root.Options.Add(_server);
        root.Options.Add(_ca);
        root.Options.Add(_cert);
        root.Options.Add(_key);
        root.Options.Add(_namespace);
        root.Options.Add(_output);
    }

    /// <summary>Gives the command its body. A <see cref="Failure"/> becomes words on stderr and an exit code here, and only here.</summary>
    public void Run(Command command, Func<Session, ParseResult, CancellationToken, Task<int>> body) =>
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                using var client = new MeshClient(Addresses(parsed), Files(parsed));
                return await body(new Session(_terminal, client, Format(parsed), parsed.GetValue(_namespace), _time), parsed, cancel);
            }
            catch (Failure failure)
            {
                failure.WriteTo(_terminal.Error);
                return failure.ExitCode;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return ExitCodes.Ok;
            }
            catch (IOException broken) when (broken is not (FileNotFoundException or DirectoryNotFoundException))
            {
                // Most often a reader that has gone away, as in `meshctl watch | head`.
                return ExitCodes.Refused;
            }
        });

    private ImmutableArray<Uri> Addresses(ParseResult parsed)
    {
        var (text, source) = (parsed.GetValue(_server), "--server");
        if (text is null)
        {
            (text, source) = _terminal.Environment("MESH_SERVER") is { Length: > 0 } fromEnvironment
                ? (fromEnvironment, "MESH_SERVER")
                : (DefaultServer, "");
        }

        ImmutableArray<Uri> addresses =
            [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).DefaultIfEmpty("").Select(one => Address(one, source))];
        return addresses.DistinctBy(static address => address.Scheme).Count() == 1
            ? addresses
            : throw Failure.Usage($"{source} '{text}' mixes http:// and https://.", "Write all with the same.");
    }

    private static Uri Address(string text, string source)
    {
        var withScheme = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        if (!Uri.TryCreate(withScheme, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
        {
            throw Failure.Usage($"{source} '{text}' is not an address.", $"Write it like {DefaultServer}.");
        }

        // Relative paths are resolved against it, so a path such as behind a gateway must end in a slash.
        return address.AbsolutePath.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
    }

    private TlsFiles Files(ParseResult parsed) => new(
        parsed.GetValue(_ca) ?? Variable("MESH_CA"), parsed.GetValue(_cert) ?? Variable("MESH_CERT"), parsed.GetValue(_key) ?? Variable("MESH_KEY"), _time)
    {
        // What was said on the command line is meant; a variable may stand there for other servers.
        Asked = parsed.GetValue(_ca) is not null || parsed.GetValue(_cert) is not null || parsed.GetValue(_key) is not null,
    };

    private string? Variable(string name) => _terminal.Environment(name) is { Length: > 0 } value ? value : null;

    private static Option<string?> OfTls(string name, string description) => new(name) { Description = description, HelpName = "file", Recursive = true };

    private OutputFormat Format(ParseResult parsed) => parsed.GetValue(_output) switch
    {
        "json" => OutputFormat.Json,
        "yaml" => OutputFormat.Yaml,
        "wide" => OutputFormat.Wide,
        _ => OutputFormat.Table,
    };
}
