using System.Globalization;
using Mesh.Local.Processes;

namespace Mesh.Local.Stores;

/// <summary>
/// PostgreSQL for trials. It refuses to run as root; then it runs as <c>postgres</c> or <c>nobody</c>, in a folder that this user can reach.
/// </summary>
public sealed class PostgresServer : StoreServer
{
    private const string User = "mesh";
    private readonly string _bin = Programs() ?? throw new LocalClusterException(Trouble()!);
    private readonly string _folder;
    private readonly string _data;
    private readonly string _listen;
    private readonly string _password;
    private readonly Launch _as;

    /// <param name="folder">Where its data goes.</param>
    /// <param name="host">The address it is reached at, beside 127.0.0.1.</param>
    public PostgresServer(string folder, string host = "127.0.0.1")
        : base("PostgreSQL")
    {
        _folder = Reachable(folder);
        Directory.CreateDirectory(_folder);
        _data = Path.Combine(_folder, "data");
        _listen = host;
        _password = PasswordIn(_folder);
        _as = new Launch { DeathSignal = Signal.Interrupt, User = Machine.IsRoot ? Unprivileged() : null };
    }

    /// <inheritdoc/>
    public override string ConnectionString =>
        string.Create(CultureInfo.InvariantCulture, $"Host={_listen};Port={Port};Database={User};Username={User};Password={_password}");

    /// <summary>Where its data is: not always where it was asked for.</summary>
    public string Folder => _folder;

    /// <summary>Why it cannot be started here; null when it can.</summary>
    public static string? Trouble() =>
        Programs() is null
            ? "PostgreSQL is not installed. apt-get install postgresql, or name one that runs: --postgres 'Host=…;Database=…;Username=…;Password=…'."
            : null;

    protected override Signal StopSignal => Signal.Interrupt;

    protected override async Task Prepare(CancellationToken cancel)
    {
        if (File.Exists(Path.Combine(_data, "PG_VERSION")))
        {
            return;
        }

        Directory.CreateDirectory(_data);
        var secret = Path.Combine(_data + ".password");
        await File.WriteAllTextAsync(secret, _password, cancel);
        if (_as.User is var (user, group))
        {
            await Tool.Run("chown", "-R", $"{user}:{group}", _data, secret);
        }

        File.SetUnixFileMode(secret, UnixFileMode.UserRead);
        File.SetUnixFileMode(_data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await Tool.Run(_as, Path.Combine(_bin, "initdb"), "-D", _data, "-U", User, "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale", "C");
        File.Delete(secret);
        // The network of the trial may be that of namespaces; it is on this machine in any case.
        await File.AppendAllTextAsync(Path.Combine(_data, "pg_hba.conf"), "host all all samenet scram-sha-256\n", cancel);
    }

    protected override Child Launch()
    {
        var addresses = _listen == "127.0.0.1" ? _listen : $"127.0.0.1,{_listen}";
        return Child.Start(
            Path.Combine(_bin, "postgres"), Path.Combine(_folder, "log"), "PostgreSQL", _as,
            ["-D", _data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", $"listen_addresses={addresses}", "-c", "unix_socket_directories="]);
    }

    protected override async Task<bool> Answers(CancellationToken cancel)
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        var (code, _) = await Tool.Try(_as, Path.Combine(_bin, "pg_isready"), "-h", "127.0.0.1", "-p", port, "-q");
        if (code != 0)
        {
            return false;
        }

        var secret = _as with { Environment = new Dictionary<string, string> { ["PGPASSWORD"] = _password } };
        var (created, said) = await Tool.Try(secret, Path.Combine(_bin, "createdb"), "-h", "127.0.0.1", "-p", port, "-U", User, User);
        return created == 0 || said.Contains("already exists", StringComparison.Ordinal);
    }

    private static string? Programs() =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [])
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
            .Select(folder => Path.Combine(folder, "bin"))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        ?? Path.GetDirectoryName(Machine.Find("initdb"));

    private static (int User, int Group) Unprivileged() =>
        Machine.UserNamed("postgres") ?? Machine.UserNamed("nobody") ?? throw new LocalClusterException("There is neither a user 'postgres' nor 'nobody', and PostgreSQL does not run as root.");

    // A folder under /root is closed to everyone else.
    private static string Reachable(string folder)
    {
        if (!Machine.IsRoot)
        {
            return folder;
        }

        for (var above = Path.GetDirectoryName(folder); above is not null; above = Path.GetDirectoryName(above))
        {
            if (Directory.Exists(above) && !File.GetUnixFileMode(above).HasFlag(UnixFileMode.OtherExecute))
            {
                var name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(folder)))[..12];
                return Path.Combine("/var/tmp", $"mesh-cluster-{name}", "postgres");
            }
        }

        return folder;
    }
}
