using Mesh.Contracts;
using Mesh.Gateway.Rest;
using Mesh.Grains.Cluster;

namespace Mesh.Silo;

/// <summary>
/// Whether this silo is a member that takes grains: for a silo alone. A gateway need not ask it, as it does its work with the grains of any silo.
/// </summary>
internal sealed class MemberCheck(IClusterMembers cluster) : IReadinessCheck
{
    public string Name => "member";

    public Task<string?> Check(CancellationToken cancellationToken)
    {
        var me = cluster.Members.FirstOrDefault(member => member.Address == cluster.Me);
        return Task.FromResult(me switch
        {
            { State: SiloState.Active } => null,
            null => "The cluster does not count this silo among its members.",
            _ => $"This silo is {me.State}, and takes no grains.",
        });
    }
}
