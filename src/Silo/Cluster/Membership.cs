#if CLUSTER
using Orleans.Configuration;
using Orleans.Hosting;

namespace Mesh.Silo.Cluster;

/// <summary>
/// How soon a silo that died is known to have, and what is not taken for death. The figures and their price are in docs/adr/0023.
/// </summary>
/// <remarks>
/// The runtime adapts the time it gives a probe to what it measures: about half of <see cref="Probe"/> on a quiet network, <see cref="SlowestProbe"/> at the most. Who
/// was killed refuses connections, so three probes in a row fail in a bit over a second. Who is frozen or cut off keeps its connections, and counts as alive until
/// nothing has come over them for three of the slowest probes: a pause of a second or two is no death.
/// </remarks>
internal static class Membership
{
    private static readonly TimeSpan Probe = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SlowestProbe = TimeSpan.FromSeconds(1);

    public static void Tune(ISiloBuilder silo)
    {
        silo.Configure<ClusterMembershipOptions>(static members =>
        {
            members.ProbeTimeout = Probe;
            members.MaxProbeTimeout = SlowestProbe;
            members.NumMissedProbesLimit = 3;

            // Two must agree where there are three or more, and the last of the three probes goes through another silo, whose word is the second vote. So who is
            // cut off from all others cannot declare any of them dead; and of two, one suffices.
            members.NumVotesForDeathDeclaration = 2;
            members.EnableIndirectProbes = true;

            // Gossip tells at once; this is for who was not told.
            members.TableRefreshTimeout = TimeSpan.FromSeconds(5);

            // When several die at once, each may be asked about the other, for as long as they do not look stale.
            members.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            members.DefunctSiloExpiration = TimeSpan.FromDays(1);
        });

        // The registrations of a silo that died are asked of those that live, instead of shutting down all grains that were registered with it. Nothing has to wait
        // for a lease to run out: a second activation is fenced by the ETags of its rows.
#pragma warning disable ORLEANSEXP003 // It is new, and measured: see the ADR.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Configure<GrainDirectoryOptions>(static directory => directory.RangeLeaseDuration = TimeSpan.Zero);
        Connections(silo.Services);
    }

    /// <summary>Who calls a machine that has vanished learns it soon, and one that came back is found again soon.</summary>
    public static void Connections(IServiceCollection services) => services.Configure<ConnectionOptions>(static connection =>
    {
        connection.OpenConnectionTimeout = TimeSpan.FromSeconds(1.5);
        connection.ConnectionRetryDelay = TimeSpan.FromMilliseconds(200);
    });
}
#endif
