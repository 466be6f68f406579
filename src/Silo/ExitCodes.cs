namespace Mesh.Silo;

/// <summary>What mesh-silo tells whoever started it. The numbers are part of its interface and do not change.</summary>
internal static class ExitCodes
{
    /// <summary>Stopped in order.</summary>
    public const int Ok = 0;

    /// <summary>Something failed that nobody foresaw.</summary>
    public const int Failed = 1;

    /// <summary>The options are wrong: starting it again changes nothing.</summary>
    public const int Usage = 2;

    /// <summary>A port or a store is in use, or the store is not what this program needs.</summary>
    public const int Occupied = 3;

    /// <summary>The cluster went on without this silo, which stopped at once: start it again.</summary>
    public const int DeclaredDead = 4;
}
