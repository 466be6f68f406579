using System.Collections.Frozen;

namespace Mesh.Architecture.Tests;

/// <summary>
/// Who may know whom. Decisions know nothing; hosts know decisions; two siblings never know each other. Checked twice: in the
/// project files, which say what is allowed to be used, and in the built assemblies, which say what is used.
/// </summary>
public sealed class DependencyTests
{
    private static readonly FrozenDictionary<string, string[]> MayKnow = new Dictionary<string, string[]>
    {
        ["Core"] = [],
        ["Api"] = [],
        ["Schema"] = [],
        ["Storage"] = [],
        ["Tls"] = [],
        ["Contracts"] = ["Core"],
        ["Xds"] = ["Core"],
        ["Grains"] = ["Core", "Contracts"],
        ["Gateway"] = ["Api", "Contracts", "Core", "Xds"],
        ["Proxy"] = ["Core", "Tls", "Xds"],
        ["Cli"] = ["Api", "Schema", "Tls"],
        ["Silo"] = ["Api", "Contracts", "Core", "Gateway", "Grains", "Schema", "Storage", "Tls", "Xds"],
    }.ToFrozenDictionary();

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Fact]
    public void Every_project_has_its_rule() => Assert.Equal(MayKnow.Keys.Order(StringComparer.Ordinal), Repository.Projects);

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_file_names_only_what_its_project_may_know(string project)
    {
        var allowed = MayKnow[project].Select(other => $"../{other}/Mesh.{other}.csproj");
        Assert.Empty(Repository.ProjectReferences(project).Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_uses_only_what_its_project_may_know(string project)
    {
        var ours = Repository.Projects.ToDictionary(Repository.AssemblyName, other => other);
        var used = Repository.AssemblyReferences(project).Where(ours.ContainsKey).Select(name => ours[name]);
        Assert.Empty(used.Except(MayKnow[project]));
    }

    [Fact]
    public void Core_stands_on_the_base_class_library_alone()
    {
        Assert.Empty(Repository.Packages("Core"));
        Assert.Empty(Repository.ProjectFile("Core").Descendants("FrameworkReference"));
        Assert.All(Repository.AssemblyReferences("Core"), name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Core")]
    [InlineData("Contracts")]
    [InlineData("Xds")]
    [InlineData("Api")]
    [InlineData("Schema")]
    [InlineData("Tls")]
    public void What_is_shared_knows_no_host(string project)
    {
        string[] hosts = ["Microsoft.AspNetCore", "Microsoft.Extensions.Hosting", "Yarp", "OpenTelemetry"];
        var names = Repository.AssemblyReferences(project).Concat(Repository.Packages(project));
        Assert.DoesNotContain(names, name => hosts.Any(host => name.StartsWith(host, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_proxy_and_the_command_line_do_not_know_the_grains()
    {
        foreach (var project in new[] { "Proxy", "Cli" })
        {
            var names = Repository.AssemblyReferences(project).Concat(Repository.Packages(project));
            Assert.DoesNotContain(names, name => name.Contains("Orleans", StringComparison.Ordinal));
        }
    }
}
