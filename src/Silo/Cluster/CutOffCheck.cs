#if CLUSTER
using Mesh.Contracts;
using Mesh.Gateway.Rest;
using Orleans.Runtime;

namespace Mesh.Silo.Cluster;

/// <summary>
/// Whether this silo is alone although it should not be: neither the table of members nor any other member can be reached. The others have gone on without it by then,
/// so proxies and people had better go to them.
/// </summary>
internal sealed class CutOffCheck(PostgresHealth table, IClusterMembershipService members, ILocalSiloDetails me) : IReadinessCheck
{
    public string Name => "cluster";

    public async Task<string?> Check(CancellationToken cancellationToken)
    {
        if (table.Current.Healthy)
        {
            return null;
        }

        var others = members.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(me.SiloAddress))
            .Select(static member => member.SiloAddress.Endpoint)
            .ToArray();
        return others.Length == 0 || await Reach.Any(others, cancellationToken) ? null : "It is cut off: neither the database of the members nor any other silo can be reached.";
    }
}
#endif
