using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mesh.Deploy.Tests;

/// <summary>The Helm chart, as far as it can be held without Helm: names agree. With Helm it is rendered as well.</summary>
public sealed partial class ChartTests
{
    private const string Chart = "deploy/helm/mesh-orleans";

    private static object? Values { get; } = Yaml.Documents(Repository.Read($"{Chart}/values.yaml"))[0];

    [Fact]
    public void Every_value_that_a_template_takes_has_a_default()
    {
        var taken = Repository.Files($"{Chart}/templates", "*").SelectMany(static path => Taken().Matches(Repository.Read(path))).Select(static match => match.Groups["path"].Value).Distinct().ToList();
        Assert.True(taken.Count > 20);
        Assert.All(taken, static path => Assert.True(Has(Values, path.Split('.')), path));
    }

    [Fact]
    public void Every_default_is_taken_by_a_template()
    {
        var templates = string.Concat(Repository.Files($"{Chart}/templates", "*").Select(Repository.Read));
        Assert.All(Leaves(Values, ""), path => Assert.Contains($".{path.Split('.')[^1]}", templates, StringComparison.Ordinal));
    }

    [Fact]
    public void The_schema_knows_the_values_and_no_others()
    {
        using var schema = JsonDocument.Parse(Repository.Read($"{Chart}/values.schema.json"));
        Agree(Values, schema.RootElement, "");
    }

    [Fact]
    public void The_chart_has_the_version_of_the_programs()
    {
        var chart = Yaml.Documents(Repository.Read($"{Chart}/Chart.yaml"))[0];
        Assert.Contains($"<Version>{Yaml.Text(chart, "appVersion")}</Version>", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
    }

    [Fact]
    public void Helm_renders_it()
    {
        Assert.SkipUnless(Tool.IsThere("helm"), "helm is not installed");
        Tool.Runs("helm", "lint", Chart, "--set", "stores.existingSecret=mesh-stores");
        Assert.NotEmpty(Yaml.Documents(Tool.Runs("helm", "template", "prod", Chart, "--set", "stores.existingSecret=mesh-stores,gateway.enabled=true,silo.role=grains")));
    }

    private static void Agree(object? values, JsonElement schema, string path)
    {
        // A map whose keys are for the user to choose.
        if (values is not IDictionary<object, object> map || schema.GetProperty("additionalProperties").ValueKind != JsonValueKind.False)
        {
            return;
        }

        var known = schema.GetProperty("properties");
        Assert.Equal(
            known.EnumerateObject().Select(static property => property.Name).Where(static name => name != "global").Order(StringComparer.Ordinal),
            map.Keys.Select(static key => (string)key).Order(StringComparer.Ordinal));
        Assert.All(map, pair =>
        {
            var inner = known.GetProperty((string)pair.Key);
            if (inner.TryGetProperty("additionalProperties", out _))
            {
                Agree(pair.Value, inner, $"{path}{pair.Key}.");
            }
        });
    }

    private static bool Has(object? values, string[] path) =>
        path.Length == 0 || (values is IDictionary<object, object> map && map.TryGetValue(path[0], out var inner) && Has(inner, path[1..]));

    private static IEnumerable<string> Leaves(object? values, string path) => values is IDictionary<object, object> { Count: > 0 } map && !path.EndsWith("Namespaces", StringComparison.Ordinal) && !path.EndsWith("resources", StringComparison.Ordinal)
        ? map.SelectMany(pair => Leaves(pair.Value, path.Length == 0 ? (string)pair.Key : $"{path}.{pair.Key}"))
        : [path];

    [GeneratedRegex(@"(?:\.Values|\$values)\.(?<path>[a-zA-Z]+(?:\.[a-zA-Z]+)*)")]
    private static partial Regex Taken();
}
