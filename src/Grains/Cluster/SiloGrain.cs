using Mesh.Contracts;
using Orleans;

namespace Mesh.Grains.Cluster;

/// <summary>
/// A silo's window: it shows the silo's board and facts, and holds nothing. Rejected: a system target or a grain service, which say "on that silo" by themselves
/// but which a client of the cluster cannot call.
/// </summary>
[SiloPlacement]
public sealed class SiloGrain(IClusterMembers members, ISiloFacts facts, SiloBoard board) : Grain, ISiloGrain
{
    /// <inheritdoc/>
    public Task<SiloNews?> News(SiloNewsRequest request) => Task.FromResult(IsHere() ? board.Read(request) : null);

    /// <inheritdoc/>
    public Task<SiloView?> Describe()
    {
        if (!IsHere())
        {
            return Task.FromResult<SiloView?>(null);
        }

        var me = members.Members.FirstOrDefault(member => member.Address == members.Me);
        return Task.FromResult<SiloView?>(new()
        {
            Name = me?.Name ?? members.Me,
            Address = members.Me,
            Version = facts.Version,
            Started = me?.Started ?? default,
            State = facts.State,
            Grains = facts.Grains,
            Figures = facts.Figures,
        });
    }

    /// <summary>A call may come after the silo's death, and so to another one: there this grain has no business.</summary>
    private bool IsHere()
    {
        if (this.GetPrimaryKeyString() == members.Me)
        {
            return true;
        }

        DeactivateOnIdle();
        return false;
    }
}
