using System.Globalization;
using Mesh.Local.Silos;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mesh.Local.Command;

/// <summary>The cluster as a small table, and what to try with it.</summary>
internal static class ClusterTable
{
    public static IRenderable Of(LocalCluster cluster)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "state", "gRPC (xDS, LRS)", "REST", "memory", "pid", "restarts");
        foreach (var member in cluster.Members)
        {
            var (silo, good) = (member.Silo, member.State == SiloState.Ready);
            table.AddRow(
                new Text(silo.Name),
                new Text(Words(member), new Style(good ? Color.Green : member.State == SiloState.Starting ? Color.Yellow : Color.Red)),
                new Text(silo.Grpc.Authority),
                new Text(silo.Rest.ToString().TrimEnd('/')),
                new Text(silo.ResidentBytes == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{silo.ResidentBytes / 1048576} MiB")),
                new Text(silo.Pid?.ToString(CultureInfo.InvariantCulture) ?? ""),
                new Text(member.Restarts.ToString(CultureInfo.InvariantCulture)));
        }

        return table;
    }

    public static string Words(Supervisor member) => member.State switch
    {
        SiloState.Ready => "ready",
        SiloState.Starting => "starting",
        SiloState.NotReady => "not ready",
        SiloState.Waiting => string.Create(CultureInfo.InvariantCulture, $"ended ({member.Silo.ExitCode}), starts again"),
        _ => "stopped",
    };

    /// <summary>What to type next: plain lines, so that they can be copied whole.</summary>
    public static void SayNext(LocalCluster cluster)
    {
        var (first, last) = (cluster.Gateways.First(), cluster.Gateways.Last());
        Console.WriteLine($"""

            Next, in another terminal (any gateway serves anyone):
              ./mesh ctl register greeter a --address 127.0.0.1:8080
              ./mesh ctl --server {last.Rest.ToString().TrimEnd('/')} get endpoints
              ./mesh proxy --listen 127.0.0.1:8000 --control-plane {cluster.GatewayList}
              kill -9 {first.Pid}    # {first.Name}: what lived there answers elsewhere after a second, and it is started again

            """);
    }
}
