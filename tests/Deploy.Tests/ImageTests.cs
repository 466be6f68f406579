using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Mesh.Deploy.Tests;

/// <summary>The images and the compose file, as far as they can be held without a container engine.</summary>
public sealed partial class ImageTests
{
    private const string Dockerfile = "deploy/docker/Dockerfile";
    private static readonly object? Compose = Yaml.Documents(Repository.Read("deploy/compose/compose.yaml"))[0];

    /// <summary>A project file that is forgotten makes the restore of the image fail, and only there.</summary>
    [Fact]
    public void The_restore_has_every_project_that_is_published()
    {
        var copied = Copied().Matches(Repository.Read(Dockerfile)).Select(static match => match.Groups["path"].Value).ToHashSet();
        var needed = new HashSet<string>();
        foreach (var project in Published().Matches(Repository.Read(Dockerfile)).Select(static match => match.Groups["path"].Value))
        {
            Collect(Repository.Files(project, "*.csproj").Single(), needed);
        }

        Assert.True(needed.Count > 8);
        Assert.Empty(needed.Except(copied));
        Assert.All(copied, static path => Assert.True(Repository.Has(path), path));
    }

    [Fact]
    public void What_runs_is_small_and_not_root()
    {
        var text = Repository.Read(Dockerfile);
        Assert.Single(From().Matches(text), static from => from.Groups["image"].Value.Contains("chiseled", StringComparison.Ordinal));
        Assert.Contains("\nUSER 1654:1654\n", text, StringComparison.Ordinal);
        Assert.All((string[])["mesh-silo", "mesh-proxy", "meshctl", "mesh-demo"], target => Assert.Contains($"FROM run AS {target}\n", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Services_of_ours_are_hardened_and_stop_in_order() => Assert.All(Services(), static service =>
    {
        if (!Yaml.Text(service.Value, "image").StartsWith("mesh-orleans/", StringComparison.Ordinal))
        {
            return;
        }

        Assert.Equal("true", Yaml.Text(service.Value, "read_only"));
        Assert.Equal(["ALL"], Yaml.List(service.Value, "cap_drop"));
        Assert.Contains($"FROM run AS {Yaml.Text(service.Value, "build", "target")}\n", Repository.Read(Dockerfile), StringComparison.Ordinal);
        if (service.Key.StartsWith("silo", StringComparison.Ordinal))
        {
            Assert.Equal("45s", Yaml.Text(service.Value, "stop_grace_period"));
            Assert.Equal(Yaml.Text(service.Value, "environment", "MESH_ADVERTISE"), Yaml.Text(service.Value, "networks", "mesh", "ipv4_address"));
        }
    });

    [Fact]
    public void Redis_keeps_what_it_acknowledges()
    {
        var command = string.Join(' ', Yaml.List(Services()["redis"], "command"));
        Assert.Contains("--appendonly yes --appendfsync always", command, StringComparison.Ordinal);
        Assert.Contains("--maxmemory-policy noeviction", command, StringComparison.Ordinal);
    }

    [Fact]
    public void Prometheus_asks_services_that_exist_and_everything_waits_for_services_that_exist()
    {
        var services = Services();
        var targets = Yaml.List(Yaml.Documents(Repository.Read("deploy/compose/prometheus.yml"))[0], "scrape_configs")
            .SelectMany(static job => Yaml.List(job, "static_configs")).SelectMany(static group => Yaml.List(group, "targets")).Cast<string>().ToList();
        Assert.Equal(5, targets.Count);
        Assert.All(targets, target => Assert.Contains(target.Split(':')[0], services.Keys));
        Assert.All(services.Values.SelectMany(static service => (Yaml.At(service, "depends_on") as IDictionary<object, object>)?.Keys ?? []), other => Assert.Contains((string)other, services.Keys));
    }

    private static Dictionary<string, object> Services() =>
        ((IDictionary<object, object>)Yaml.At(Compose, "services")!).ToDictionary(static pair => (string)pair.Key, static pair => pair.Value);

    private static void Collect(string project, HashSet<string> into)
    {
        if (into.Add(project))
        {
            foreach (var reference in XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference").Select(static reference => reference.Attribute("Include")!.Value))
            {
                Collect(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, reference))), into);
            }
        }
    }

    [GeneratedRegex(@"^COPY (?<path>\S+\.csproj) ", RegexOptions.Multiline)]
    private static partial Regex Copied();

    [GeneratedRegex(@"dotnet publish (?<path>\S+)")]
    private static partial Regex Published();

    [GeneratedRegex(@"^FROM (--\S+ )?(?<image>mcr\S+)", RegexOptions.Multiline)]
    private static partial Regex From();
}
