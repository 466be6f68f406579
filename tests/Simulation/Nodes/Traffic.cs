using Mesh.Proxy.Upstream;

namespace Mesh.Simulation.Nodes;

/// <summary>What became of all requests.</summary>
public sealed class Traffic
{
    private readonly Dictionary<(string Client, string Key), long> _failures = [];

    /// <summary>Requests that found no endpoint to go to.</summary>
    public long Unserved { get; set; }

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    /// <summary>How many requests of a client to an endpoint failed.</summary>
    public long Failures(string client, string key) => _failures.GetValueOrDefault((client, key));

    public void Ended(string client, string key, TryResult result)
    {
        if (result == TryResult.Success)
        {
            Succeeded++;
        }
        else
        {
            Failed++;
            _failures[(client, key)] = Failures(client, key) + 1;
        }
    }
}
