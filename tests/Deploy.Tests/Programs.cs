using System.Text.RegularExpressions;

namespace Mesh.Deploy.Tests;

/// <summary>What the programs understand, read from their sources: the Cluster edition's options are not in the help of the Embedded one.</summary>
internal static partial class Programs
{
    /// <summary>mesh-silo's options, without dashes.</summary>
    public static IReadOnlyList<string> SiloOptions { get; } = [.. SiloOption().Matches(Repository.Read("src/Silo/OptionTable.cs")).Select(static match => match.Groups["name"].Value)];

    /// <summary>Options as environment variables, of all programs.</summary>
    public static IReadOnlySet<string> Variables { get; } = Read();

    /// <summary>meshctl's commands, and the commands within them.</summary>
    public static IReadOnlySet<string> Commands { get; } = Repository.Files("src/Cli", "*.cs")
        .SelectMany(static path => Command().Matches(Repository.Read(path))).Select(static match => match.Groups["name"].Value).ToHashSet();

    public static string Variable(string option) => $"MESH_{option.Replace('-', '_').ToUpperInvariant()}";

    private static HashSet<string> Read() =>
    [
        .. SiloOptions.Select(Variable),
        .. ProxyOption().Matches(Repository.Read("src/Proxy/Options/OptionParser.cs")).Select(static match => Variable(match.Groups["name"].Value)),
        .. Repository.Files("src/Cli", "*.cs").SelectMany(static path => Named().Matches(Repository.Read(path))).Select(static match => match.Value),
    ];

    [GeneratedRegex("""new\("(?<name>[a-z][a-z-]+)", ("|null)""")]
    private static partial Regex SiloOption();

    [GeneratedRegex("""new\("--(?<name>[a-z-]+)", """)]
    private static partial Regex ProxyOption();

    [GeneratedRegex("\"(?<name>[a-z][a-z-]*)\", \\$?\"[A-Z]")]
    private static partial Regex Command();

    [GeneratedRegex(@"\bMESH_[A-Z_]+\b")]
    private static partial Regex Named();
}
