namespace Mesh.Proxy.Discovery;

/// <summary>Whose word counts when an endpoint fails.</summary>
public enum Detection
{
    /// <summary>The mesh's; this proxy judges by itself only while the control plane is away.</summary>
    Mesh,

    /// <summary>
    /// The mesh's, and this proxy's own besides: it also takes out, for itself, who fails so many times in a row here while others succeed, as when the
    /// way between the two is broken.
    /// </summary>
    Both,

    /// <summary>This proxy's alone, as in meshes without a judge: what the control plane ejects is used all the same.</summary>
    Local,
}
