using Envoy.Config.Endpoint.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Engine;
using Mesh.Xds.Ads;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// One proxy's streams to one gateway, discovery and load reports alike, which live and end together. The gateway's end is the real
/// <see cref="AdsStream"/>; what is under way when the streams end is lost, and neither end knows what arrived.
/// </summary>
public sealed class Session(World world, MeshProxy proxy, Gateway gateway)
{
    private readonly Lane _up = new(world.Simulator, world.Network);
    private readonly Lane _down = new(world.Simulator, world.Network);
    private readonly Dictionary<string, ServiceSnapshot> _madeOf = [];
    private bool _writing;

    public AdsStream Stream { get; } = new(AdsVariant.StateOfTheWorld, new AdsLimits());

    public MeshProxy Proxy => proxy;

    public Gateway Gateway => gateway;

    public bool Open { get; private set; } = true;

    /// <summary>The newest snapshot that the gateway knew when it made this response.</summary>
    public ServiceSnapshot MadeOf(DiscoveryResponse response) => _madeOf[response.Nonce];

    /// <summary>The proxy says what it wants, and what it thinks of what it got.</summary>
    public void Ask(IEnumerable<DiscoveryRequest> requests)
    {
        foreach (var request in requests)
        {
            Up(() =>
            {
                Stream.Receive(request);
                Write();
            });
        }
    }

    /// <summary>The proxy reports. False when that is known to be in vain.</summary>
    public bool Report(IReadOnlyList<ClusterStats> stats)
    {
        if (!Open)
        {
            return false;
        }

        if (!world.Reports.Interferes)
        {
            Up(() => gateway.Reported(proxy.Name, stats));
        }
        else if (world.Network.Reaches(proxy.Name, gateway.Name))
        {
            world.Reports.Send(() =>
            {
                if (Open)
                {
                    gateway.Reported(proxy.Name, stats);
                }
            });
        }

        return true;
    }

    /// <summary>Something changed: sends what is newest, as soon as the proxy has read what was sent before.</summary>
    public void Write()
    {
        if (_writing || !Open || gateway.Resources is not { } resources)
        {
            return;
        }

        if (Stream.Next(resources.For(Stream.Client)) is not { } response)
        {
            return;
        }

        _writing = true;
        _madeOf[response.Nonce] = gateway.View!;
        var message = response.ToMessage();
        Down(() => proxy.Received(this, message));
        // A slow reader fills the window; the next write waits for it.
        world.Simulator.After(proxy.Stalled ? TimeSpan.FromSeconds(2) : TimeSpan.FromMilliseconds(0.05), () =>
        {
            _writing = false;
            Write();
        });
    }

    /// <summary>The streams end, and both ends notice.</summary>
    public void Break()
    {
        if (Open)
        {
            Open = false;
            gateway.Closed(this);
            world.Simulator.After(world.Network.Delay(), () => proxy.Ended(this));
        }
    }

    private void Up(Action deliver) => Along(_up, deliver);

    private void Down(Action deliver) => Along(_down, deliver);

    private void Along(Lane lane, Action deliver)
    {
        if (!Open)
        {
            return;
        }

        if (!world.Network.Reaches(proxy.Name, gateway.Name))
        {
            Break();
            return;
        }

        lane.Send(() =>
        {
            if (Open)
            {
                deliver();
            }
        });
    }
}
