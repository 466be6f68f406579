using System.Text.RegularExpressions;

namespace Mesh.Deploy.Tests;

/// <summary>What the files for operators name exists: options, commands, pages.</summary>
public sealed partial class NamesTests
{
    /// <summary>Variables of the files themselves, not of a program.</summary>
    private static readonly string[] OfTheFiles = ["MESH_DB_PASSWORD", "MESH_GRPC_PORT", "MESH_EDITION"];

    public static TheoryData<string> DeployFiles => [.. Repository.Files("deploy", "*.yaml", "*.yml", "*.tpl", "*.txt", "*.example", "*.service", "Dockerfile", "*.md", "*.conf")];

    public static TheoryData<string> Pages => [.. Repository.Files("docs/runbooks", "*.md"), .. Repository.Files("deploy", "*.md", "*.txt"), "docs/capacity.md"];

    [Theory]
    [MemberData(nameof(DeployFiles))]
    public void Every_variable_is_an_option_of_a_program(string path) =>
        Assert.Empty(Variable().Matches(Repository.Read(path)).Select(static match => match.Value).Except(Programs.Variables).Except(OfTheFiles));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_exists(string path) =>
        Assert.Empty(Meshctl().Matches(Repository.Read(path)).Select(static match => match.Groups["name"].Value).Distinct().Except(Programs.Commands));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_leads_to_a_file(string path) =>
        Assert.All(Link().Matches(Repository.Read(path)).Select(static match => match.Groups["target"].Value), target =>
            Assert.True(Repository.Has(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(path)!, target)))), target));

    [Fact]
    public void Every_table_that_a_runbook_asks_is_in_the_schema()
    {
        var schema = string.Concat(Repository.Files("src/Schema", "*.sql").Select(Repository.Read));
        var asked = Repository.Files("docs/runbooks", "*.md").SelectMany(static path => Table().Matches(Repository.Read(path))).Select(static match => match.Groups["name"].Value).ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, table => Assert.Contains($"CREATE TABLE {table} (", schema, StringComparison.Ordinal));
    }

    [Fact]
    public void The_sources_are_read_as_they_are_written()
    {
        Assert.Superset(new HashSet<string> { "MESH_GRPC_PORT", "MESH_POSTGRES", "MESH_ROLE", "MESH_CONTROL_PLANE", "MESH_SERVER", "MESH_LISTEN" }, Programs.Variables.ToHashSet());
        Assert.Superset(new HashSet<string> { "get", "register", "proxy-status", "replay", "explain" }, Programs.Commands.ToHashSet());
        Assert.DoesNotContain("MESH_NO_SUCH_OPTION", Programs.Variables);
    }

    [GeneratedRegex(@"\bMESH_[A-Z][A-Z_]*[A-Z]\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?:^|[`$(]\s?|\| )meshctl (?:--[a-z]+ \S+ )*(?<name>[a-z][a-z-]+)\b", RegexOptions.Multiline)]
    private static partial Regex Meshctl();

    [GeneratedRegex(@"select [^`\n]+ from (?<name>\w+)")]
    private static partial Regex Table();

    [GeneratedRegex(@"\]\((?<target>[^)#:]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}
