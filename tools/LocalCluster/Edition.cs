namespace Mesh.Local;

/// <summary>Which edition this was built as.</summary>
public static class Edition
{
    /// <summary>Whether silos built along with this form a cluster.</summary>
    public static bool IsCluster =>
#if CLUSTER
        true;
#else
        false;
#endif
}
