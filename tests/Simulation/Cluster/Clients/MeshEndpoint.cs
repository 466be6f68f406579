using Mesh.Core;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Cluster.Clients;

/// <summary>One endpoint of a service, as it really is.</summary>
public sealed class MeshEndpoint(ServiceId service, Backend backend)
{
    public ServiceId Service => service;

    public Backend Backend => backend;

    public string Id => backend.Id;

    /// <summary>Its row's key.</summary>
    public string Key => $"{service}/{backend.Id}";

    /// <summary>When it was last checked.</summary>
    public DateTimeOffset Checked { get; private set; }

    /// <summary>When a check of it last passed.</summary>
    public DateTimeOffset Passed { get; private set; }

    /// <summary>Answers a check.</summary>
    public bool Check(DateTimeOffset now)
    {
        var passes = !backend.Dead && backend.FailureRate < 0.5;
        (Checked, Passed) = (now, passes ? now : Passed);
        return passes;
    }
}
