#if CLUSTER
using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Grains.Cluster;
using Orleans.Runtime;

namespace Mesh.Silo.Cluster;

/// <summary>The members as this silo's own copy of the table has them: no database is asked.</summary>
internal sealed class ClusterMembers(IClusterMembershipService membership, ILocalSiloDetails silo, ISiloFacts facts) : IClusterMembers
{
    // What a silo's generation counts seconds from.
    private static readonly DateTimeOffset FirstGeneration = new(2022, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private ClusterMembershipSnapshot? _read;
    private ImmutableArray<SiloMember> _members = [];

    public string Me { get; } = silo.SiloAddress.ToParsableString();

    public ImmutableArray<SiloMember> Members
    {
        get
        {
            lock (_gate)
            {
                var now = membership.CurrentSnapshot;
                if (!ReferenceEquals(now, _read))
                {
                    _members = [.. now.Members.Values.Select(Member).OrderBy(member => member.Name, StringComparer.Ordinal).ThenBy(member => member.Started)];
                    _read = now;
                }
            }

            // Of itself a silo knows first.
            return facts.State == SiloState.Draining
                ? [.. _members.Select(member => member.Address == Me && member.State == SiloState.Active ? member with { State = SiloState.Draining } : member)]
                : _members;
        }
    }

    private static SiloMember Member(ClusterMember member) => new(
        member.SiloAddress.ToParsableString(),
        member.Name,
        member.Status switch
        {
            SiloStatus.Active => SiloState.Active,
            SiloStatus.ShuttingDown or SiloStatus.Stopping => SiloState.Draining,
            SiloStatus.Dead => SiloState.Dead,
            _ => SiloState.Joining,
        },
        FirstGeneration.AddSeconds(member.SiloAddress.Generation));
}
#endif
