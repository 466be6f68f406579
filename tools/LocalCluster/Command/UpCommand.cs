using System.CommandLine;
using Mesh.Local.Processes;
using Spectre.Console;

namespace Mesh.Local.Command;

/// <summary><c>./mesh up --edition cluster</c>: a cluster to try things with, until Ctrl+C.</summary>
internal static class UpCommand
{
    public static System.CommandLine.Command Create()
    {
        var silos = LocalClusterCommand.Number("--silos", "How many silos, each with a gateway", 3, 1, 20);
        var gateways = LocalClusterCommand.Number("--gateways", "Further gateways, apart from the silos", 0, 0, 20);
        var postgres = new Option<string?>("--postgres") { Description = "Connection string of the PostgreSQL to use, or MESH_POSTGRES [a trial server is started]", HelpName = "text" };
        var redis = new Option<string?>("--redis") { Description = "Connection string of the Redis to use, or MESH_REDIS [a trial server is started]", HelpName = "text" };
        var data = new Option<DirectoryInfo>("--data") { Description = "Where logs and the trial servers' data go [.mesh/cluster]", HelpName = "dir", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".mesh", "cluster")) };
        var rest = LocalClusterCommand.Number("--rest-port", "The first silo's REST port; the next one's is ten higher", 15080, 1, 65000);
        var grpc = LocalClusterCommand.Number("--grpc-port", "The first silo's gRPC port; the next one's is ten higher", 15010, 1, 65000);
        var plain = new Option<bool>("--plain") { Description = "Lines instead of a live table (the default where there is no terminal)" };
        var command = new System.CommandLine.Command("up", "Start a cluster on this machine, and start again what ends, until Ctrl+C") { silos, gateways, postgres, redis, data, rest, grpc, plain };
        command.TreatUnmatchedTokensAsErrors = true;
        command.SetAction((parsed, cancel) => Run(
            new LocalClusterOptions
            {
                Folder = parsed.GetValue(data)!.FullName,
                Silos = parsed.GetValue(silos),
                Gateways = parsed.GetValue(gateways),
                Postgres = parsed.GetValue(postgres) ?? Named("MESH_POSTGRES"),
                Redis = parsed.GetValue(redis) ?? Named("MESH_REDIS"),
                Ports = (parsed.GetValue(rest), parsed.GetValue(grpc)),
            },
            parsed.GetValue(plain),
            cancel));
        return command;
    }

    private static string? Named(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;

    private static async Task<int> Run(LocalClusterOptions options, bool plain, CancellationToken cancel)
    {
        if (!Edition.IsCluster)
        {
            throw new LocalClusterException("this was built as the Embedded edition, which is one process. Use: ./mesh up --edition cluster");
        }

        await using var cluster = new LocalCluster(options);
        FreePorts(cluster);
        var console = Consoles.For(json: false);
        Say(console, options, cluster);
        try
        {
            await cluster.Start(step => console.MarkupLineInterpolated($"[grey]{step}…[/]"), cancel);
            ClusterTable.SayNext(cluster);
            if (plain || console.Profile.Capabilities is not { Interactive: true, Ansi: true })
            {
                await Lines(console, cluster, cancel);
            }
            else
            {
                await Live(console, cluster, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }

        console.MarkupLine("[grey]stopping: silos drain, then the stores stop…[/]");
        await cluster.Stop();
        return 0;
    }

    private static void FreePorts(LocalCluster cluster)
    {
        foreach (var silo in cluster.Gateways)
        {
            foreach (var (port, option) in new[] { (silo.Settings.RestPort, "--rest-port"), (silo.Settings.GrpcPort, "--grpc-port") })
            {
                if (!Machine.IsFree(port))
                {
                    throw new LocalClusterException($"port {port} is in use. Stop what uses it, or choose others with {option}.");
                }
            }
        }
    }

    private static void Say(IAnsiConsole console, LocalClusterOptions options, LocalCluster cluster)
    {
        if (cluster.Stores.Postgres is { } postgres)
        {
            console.MarkupLineInterpolated($"no --postgres: a trial server on port {postgres.Port}, data in {postgres.Folder}");
        }

        if (cluster.Stores.Redis is { } redis)
        {
            console.MarkupLineInterpolated($"no --redis: a trial server on port {redis.Port}, data in {Path.Combine(options.Folder, "redis")}");
        }

        console.MarkupLineInterpolated($"logs in {options.Folder}/*.log");
    }

    private static async Task Live(IAnsiConsole console, LocalCluster cluster, CancellationToken cancel) =>
        await console.Live(ClusterTable.Of(cluster)).StartAsync(async context =>
        {
            while (!cancel.IsCancellationRequested)
            {
                context.UpdateTarget(ClusterTable.Of(cluster));
                await Task.Delay(250, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });

    private static async Task Lines(IAnsiConsole console, LocalCluster cluster, CancellationToken cancel)
    {
        console.Write(ClusterTable.Of(cluster));
        var seen = cluster.Members.ToDictionary(member => member, member => (member.State, member.Restarts));
        while (!cancel.IsCancellationRequested)
        {
            foreach (var member in cluster.Members)
            {
                var now = (member.State, member.Restarts);
                if (seen[member] != now)
                {
                    seen[member] = now;
                    console.MarkupLineInterpolated($"{DateTime.Now:HH:mm:ss.fff}  {member.Silo.Name}  {ClusterTable.Words(member)}");
                }
            }

            await Task.Delay(100, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
