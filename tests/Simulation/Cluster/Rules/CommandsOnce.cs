using Mesh.Core.Health;
using Mesh.Grains.Endpoints;
using Mesh.Simulation.Cluster.Clients;
using Mesh.Simulation.Cluster.Stores;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// No acknowledged command is lost, and none is done twice: read from the rows of the storage, as they are written. What a command changes changes only while it is under way, and
/// once; and when it is acknowledged, it is there. A repeat that arrives after its command was acknowledged so shows as a change that nobody ordered.
/// </summary>
public sealed class CommandsOnce : IClusterRule
{
    private readonly Dictionary<string, int> _done = new(StringComparer.Ordinal);

    public string Name => "commands are done once";

    public void Watch(ClusterWorld cluster)
    {
        cluster.Store.Written += row =>
        {
            if (row.State == "endpoint")
            {
                Written(cluster, row);
            }
        };
        cluster.Commands.Ended += (command, yes) =>
        {
            if (yes)
            {
                Acknowledged(cluster, command);
            }
        };
    }

    /// <summary>Which command a change of a row is the work of; null for what endpoints do by themselves.</summary>
    private static CommandKind? WorkOf(EndpointState? before, EndpointState? after) => (before, after) switch
    {
        (null, null) => null,
        (null, not null) => CommandKind.Register,
        (not null, null) => before.ExpiredAt is null ? CommandKind.Deregister : null,
        _ when !before!.Spec.IsSameLife(after!.Spec) => CommandKind.Register,
        _ when !before.Draining && after.Draining => CommandKind.Drain,
        _ when before.Draining && !after.Draining => CommandKind.Restore,
        _ when after.Ejection is { Manual: true } ejection && before.Ejection?.At != ejection.At => CommandKind.Eject,
        _ => null,
    };

    private void Written(ClusterWorld cluster, RowWritten row)
    {
        var (before, after) = ((row.Before as EndpointRow)?.State, (row.After as EndpointRow)?.State);
        if (WorkOf(before, after) is not { } kind)
        {
            return;
        }

        var under = cluster.Commands.Under(row.Key);
        if (under?.Kind != kind || (kind == CommandKind.Register && after!.Spec.InstanceId != under.Instance))
        {
            cluster.Break(Name, $"{row.By} does {kind} to {row.Key} ({after?.Spec.InstanceId}), and what is under way is {under?.ToString() ?? "nothing"}: a repeat of a command that was over has been done.");
            return;
        }

        if ((_done[under.Operation] = _done.GetValueOrDefault(under.Operation) + 1) > 1)
        {
            cluster.Break(Name, $"{under} was done twice, now by {row.By}.");
        }
    }

    private void Acknowledged(ClusterWorld cluster, MeshCommand command)
    {
        var state = cluster.Store.Find<EndpointRow>("endpoint", command.Endpoint.Key)?.State;
        var there = command.Kind switch
        {
            CommandKind.Register => state?.Spec.InstanceId == command.Instance,
            CommandKind.Deregister => state is null,
            CommandKind.Drain => state is { Draining: true },
            CommandKind.Restore => state is { Draining: false },
            _ => _done.ContainsKey(command.Operation),
        };
        if (!there)
        {
            cluster.Break(Name, $"{command} was acknowledged, and is not in the storage.");
        }
    }
}
