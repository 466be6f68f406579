namespace Mesh.Xds.Translation;

/// <summary>What a client is in the mesh. It decides which listener and which routes it gets, and what it reaches when it does not say.</summary>
public enum ClientRole
{
    /// <summary>It stands beside a workload (or is a library in it) and takes that workload's outgoing requests.</summary>
    Sidecar,

    /// <summary>It stands at the edge of the mesh and takes requests from outside.</summary>
    Ingress,
}
