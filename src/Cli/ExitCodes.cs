namespace Mesh.Cli;

/// <summary>What meshctl tells a script. The numbers are part of its interface and do not change.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The server refused, or it failed.</summary>
    public const int Refused = 1;

    /// <summary>The command line itself is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>What the command names does not exist.</summary>
    public const int NotFound = 3;

    /// <summary>The server could not be reached.</summary>
    public const int Unreachable = 4;

    /// <summary>The answer came, and is not what the command line demands of it.</summary>
    public const int Amiss = 5;
}
