namespace Mesh.Simulation.Cluster.Directory;

/// <summary>Whose part of the directory a grain's entry is in: the silo with the highest hash of both names, so that a silo's coming or going moves only its own share.</summary>
public static class Ring
{
    /// <summary>Null when there is no silo.</summary>
    public static string? Owner(IReadOnlyList<string> silos, string grain) =>
        silos.Count == 0 ? null : silos.MaxBy(silo => (Hash(grain, Hash(silo, 14695981039346656037UL)), silo));

    private static ulong Hash(string text, ulong hash)
    {
        foreach (var c in text)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        // The last characters of names differ least: mix them all into the high bits.
        hash ^= hash >> 29;
        return hash * 0xBF58476D1CE4E5B9;
    }
}
