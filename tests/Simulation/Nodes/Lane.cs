using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>One direction of a stream: what is sent arrives in order, or the stream is over.</summary>
public sealed class Lane(Simulator simulator, Network network)
{
    private DateTimeOffset _last;

    /// <summary>Sends something, to arrive after all that was sent before it.</summary>
    public void Send(Action deliver)
    {
        var at = simulator.Now + network.Delay();
        _last = at > _last ? at : _last;
        simulator.At(_last, deliver);
    }
}
