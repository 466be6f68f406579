using System.Reflection;
using Xunit;

namespace Mesh.Runtime.Tests.Signatures;

/// <summary>
/// What stands in for Orleans shows nothing that Orleans does not: a member that exists here alone would compile in one edition only.
/// The real assemblies come from the package cache, or from a folder named by MESH_ORLEANS_ASSEMBLIES.
/// </summary>
public class SignatureTests
{
    private static readonly string[] Packages = ["Core.Abstractions", "Core", "Runtime", "Serialization.Abstractions"];

    /// <summary>Differences that are meant; none lets code compile here that would not compile there.</summary>
    private static readonly string[] Meant =
    [
        // References are generated at run time.
        "Orleans.Runtime.GrainReference: kind",
        "Orleans.Runtime.GrainReference: Invoke`0(System.Reflection.MethodInfo, Object[])",
        // Made by the runtime alone.
        "Orleans.Grain: .ctor`0()",
    ];

    private static readonly Dictionary<string, Dictionary<string, string>> Embedded = PublicShape.Read(typeof(Orleans.IGrain).Assembly.Location);

    [Fact]
    public void Every_embedded_type_shows_what_the_real_one_shows()
    {
        var real = RealTypes();
        Assert.Contains("Orleans.Grain", real.Keys);
        string?[] differences = [.. Embedded
            .Where(type => real.ContainsKey(type.Key))
            .SelectMany(type => type.Value.Select(member => Difference(type.Key, member.Key, member.Value, real[type.Key])))
            .Where(difference => difference is not null && !Meant.Any(meant => difference.StartsWith(meant, StringComparison.Ordinal)))];
        Assert.True(differences.Length == 0, string.Join('\n', differences));
    }

    [Fact]
    public void Every_embedded_type_exists_in_a_real_assembly()
    {
        var real = RealTypes();
        var unknown = Embedded.Keys.Where(type => !real.ContainsKey(type)).Order(StringComparer.Ordinal).ToArray();
        var missing = Packages.Where(package => AssemblyOf(package) is null).Select(package => $"Microsoft.Orleans.{package}").ToArray();
        if (missing.Length > 0)
        {
            Assert.Skip($"{string.Join(", ", missing)} {Version} not here, so these were not compared: {string.Join(", ", unknown)}");
        }

        Assert.Empty(unknown);
    }

    private static string? Difference(string type, string member, string here, Dictionary<string, string> real) =>
        !real.TryGetValue(member, out var there) ? $"{type}: {member} does not exist there"
        : here == there ? null
        : $"{type}: {member} is '{here}' here and '{there}' there";

    private static Dictionary<string, Dictionary<string, string>> RealTypes()
    {
        var all = new Dictionary<string, Dictionary<string, string>>();
        foreach (var path in Packages.Select(AssemblyOf).OfType<string>())
        {
            foreach (var (type, members) in PublicShape.Read(path))
            {
                all.TryAdd(type, members);
            }
        }

        return all;
    }

    private static string? AssemblyOf(string package)
    {
        var file = $"Orleans.{package}.dll";
        var downloaded = Path.Combine(Metadata("PackageRoot"), $"microsoft.orleans.{package}".ToLowerInvariant(), Version, "lib", "net10.0", file);
        var named = Path.Combine(Environment.GetEnvironmentVariable("MESH_ORLEANS_ASSEMBLIES") ?? "", file);
        return new[] { named, downloaded }.FirstOrDefault(File.Exists);
    }

    private static string Version => Metadata("OrleansVersion");

    private static string Metadata(string key) =>
        typeof(SignatureTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value!;
}
