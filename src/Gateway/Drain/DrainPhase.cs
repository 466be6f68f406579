namespace Mesh.Gateway.Drain;

/// <summary>How far a gateway is with leaving. The numbers are those of <c>mesh_drain_state</c>.</summary>
public enum DrainPhase
{
    /// <summary>It serves.</summary>
    Serving = 0,

    /// <summary>It is not ready any more and takes no new streams; those that it has go on.</summary>
    Announcing = 1,

    /// <summary>Streams are sent away, wave by wave.</summary>
    HandingOver = 2,

    /// <summary>No stream is left; the last reports and requests are finished.</summary>
    Finishing = 3,
}
