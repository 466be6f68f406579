namespace Mesh.Local;

/// <summary>Which edition this was built as.</summary>
public static class Edition
{
#if CLUSTER
    /// <summary>Whether silos built along with this form a cluster.</summary>
    public const bool IsCluster = true;
#else
    /// <summary>Whether silos built along with this form a cluster.</summary>
    public const bool IsCluster = false;
#endif
}
