using Mesh.Proxy.Upstream;

namespace Mesh.Simulation.Nodes;

/// <summary>What became of all requests.</summary>
public sealed class Traffic
{
    /// <summary>Requests that found no endpoint to go to.</summary>
    public long Unserved { get; set; }

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public void Ended(TryResult result)
    {
        if (result == TryResult.Success)
        {
            Succeeded++;
        }
        else
        {
            Failed++;
        }
    }
}
