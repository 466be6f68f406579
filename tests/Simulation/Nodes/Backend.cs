using Mesh.Core;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>What a workload does with the requests that it gets.</summary>
public sealed class Backend(string id, string address, int port, Locality locality)
{
    public string Id => id;

    public string Address => address;

    public int Port => port;

    public Locality Locality => locality;

    public string Key { get; } = $"{address}:{port}";

    /// <summary>The share of requests that fail, 0 to 1.</summary>
    public double FailureRate { get; set; }

    /// <summary>How they fail.</summary>
    public TryResult Failure { get; set; } = TryResult.ServerError;

    /// <summary>How much longer it takes than it should.</summary>
    public double Slowness { get; set; } = 1;

    /// <summary>Nobody is there: every request fails without an answer.</summary>
    public bool Dead { get; set; }

    /// <summary>Requests that it got.</summary>
    public long Requests { get; private set; }

    /// <summary>Of these, those that failed.</summary>
    public long Failed { get; private set; }

    /// <summary>Whether nothing is wrong with it.</summary>
    public bool IsWell => !Dead && FailureRate == 0 && Slowness == 1;

    public TryResult Serve(Dice dice)
    {
        Requests++;
        var result = Dead ? TryResult.LocalOrigin : dice.Chance(FailureRate) ? Failure : TryResult.Success;
        Failed += result == TryResult.Success ? 0 : 1;
        return result;
    }

    public void Heal() => (FailureRate, Slowness, Dead, Failure) = (0, 1, false, TryResult.ServerError);
}
