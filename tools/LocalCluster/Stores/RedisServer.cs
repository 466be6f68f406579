using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Mesh.Local.Processes;

namespace Mesh.Local.Stores;

/// <summary>Redis for trials, which writes every command to the disk before it answers, as the mesh needs it in earnest.</summary>
public sealed class RedisServer : StoreServer
{
    private readonly string _program = Program() ?? throw new LocalClusterException(Trouble()!);

    private readonly string _folder;
    private readonly string _listen;
    private readonly string _password;

    /// <param name="folder">Where its data goes.</param>
    /// <param name="host">The address it is reached at, beside 127.0.0.1.</param>
    public RedisServer(string folder, string host = "127.0.0.1")
        : base("Redis")
    {
        Directory.CreateDirectory(folder);
        (_folder, _listen, _password) = (folder, host, PasswordIn(folder));
    }

    /// <inheritdoc/>
    public override string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"{_listen}:{Port},password={_password}");

    /// <summary>Why it cannot be started here; null when it can.</summary>
    public static string? Trouble() =>
        Program() is null ? "Redis is not installed. apt-get install redis-server, or name one that runs: --redis 'host:6379,password=…'." : null;

    protected override Signal StopSignal => Signal.Terminate;

    protected override async Task Prepare(CancellationToken cancel)
    {
        var settings = Path.Combine(_folder, "redis.conf");
        await File.WriteAllTextAsync(
            settings,
            string.Create(CultureInfo.InvariantCulture, $"""
                bind 127.0.0.1 {(_listen == "127.0.0.1" ? "" : _listen)}
                port {Port}
                requirepass {_password}
                dir "{_folder}"
                appendonly yes
                appendfsync always
                save ""

                """),
            cancel);
        File.SetUnixFileMode(settings, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    protected override Child Launch() =>
        Child.Start(_program, Path.Combine(_folder, "log"), "Redis", new Launch { DeathSignal = Signal.Terminate }, [Path.Combine(_folder, "redis.conf")]);

    protected override async Task<bool> Answers(CancellationToken cancel)
    {
        try
        {
            using var client = new TcpClient();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(2));
            await client.ConnectAsync("127.0.0.1", Port, limit.Token);
            await using var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {_password}\r\nPING\r\n"), limit.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            return await reader.ReadLineAsync(limit.Token) == "+OK" && await reader.ReadLineAsync(limit.Token) == "+PONG";
        }
        catch (Exception notYet) when (notYet is SocketException or IOException || (notYet is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    private static string? Program() => Machine.Find("redis-server") ?? Machine.Find("valkey-server");
}
