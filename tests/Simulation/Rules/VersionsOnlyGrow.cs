using Mesh.Core.Snapshots;
using Mesh.Simulation.Nodes;
using Mesh.Xds;

namespace Mesh.Simulation.Rules;

/// <summary>
/// Versions only grow: of what is published, over all lives of the silo; at each gateway; and of what each proxy's endpoints are made of, as long as it stays on
/// one stream. A proxy that changes to a gateway which has not yet heard of the newest version is sent an older one for a moment: gateways share nothing.
/// </summary>
public sealed class VersionsOnlyGrow : IRule
{
    private readonly Dictionary<Session, SnapshotVersion> _taken = [];
    private SnapshotVersion _published;

    public string Name => "versions only grow";

    public void Watch(World world)
    {
        world.Silo.Changed += snapshot =>
        {
            Grows("what is published", _published, snapshot.Version);
            _published = snapshot.Version;
        };
        foreach (var gateway in world.Gateways)
        {
            gateway.Followed += (before, after) => Grows(gateway.Name, before?.Version ?? default, after.Version);
        }

        foreach (var proxy in world.Proxies)
        {
            proxy.Took += (_, session, response, _) =>
            {
                if (response.TypeUrl == ResourceTypes.EndpointsUrl && response.Resources.Count == 1)
                {
                    var version = session.MadeOf(response).Version;
                    Grows($"{proxy.Name} on its stream to {session.Gateway.Name}", _taken.GetValueOrDefault(session), version);
                    _taken[session] = version;
                }
            };
        }
    }

    private void Grows(string where, SnapshotVersion before, SnapshotVersion after)
    {
        if (after <= before)
        {
            throw new RuleBrokenException(Name, $"{where} went from {before} to {after}.");
        }
    }
}
