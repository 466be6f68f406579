using System.Text.Json;

namespace Mesh.Deploy.Tests;

/// <summary>Dashboards and rules ask for what there is, and lead somewhere.</summary>
public sealed class MonitoringTests
{
    private static readonly string[] Severities = ["critical", "warning", "info"];

    public static TheoryData<string> Dashboards => [.. Repository.Files("deploy/grafana", "*.json")];

    public static TheoryData<string> RuleFiles => [.. Repository.Files("deploy/prometheus/rules", "*.yml")];

    private static HashSet<string> Recorded { get; } = Rules("deploy/prometheus/rules/recording.yml").Select(static rule => Yaml.Text(rule, "record")).ToHashSet();

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_dashboard_asks_only_for_metrics_that_exist(string path)
    {
        using var board = JsonDocument.Parse(Repository.Read(path));
        var expressions = Expressions(board.RootElement).ToList();
        Assert.NotEmpty(expressions);
        Assert.Empty(expressions.SelectMany(PromQl.Metrics).Where(static name => !Exists(name)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_panel_says_what_it_shows_and_in_which_unit(string path)
    {
        using var board = JsonDocument.Parse(Repository.Read(path));
        var panels = board.RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Distinct(panels.Select(static panel => panel.GetProperty("id").GetInt32()));
        Assert.Distinct(panels.Select(static panel => (panel.GetProperty("gridPos").GetProperty("x").GetInt32(), panel.GetProperty("gridPos").GetProperty("y").GetInt32())));
        Assert.All(panels.Where(static panel => panel.GetProperty("type").GetString() != "row"), static panel =>
        {
            Assert.NotEqual("", panel.GetProperty("description").GetString());
            Assert.NotEqual("", panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString());
            Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString());
        });
    }

    [Fact]
    public void Dashboards_have_names_of_their_own() =>
        Assert.Distinct(Repository.Files("deploy/grafana", "*.json").Select(static path => JsonDocument.Parse(Repository.Read(path)).RootElement.GetProperty("uid").GetString()));

    [Theory]
    [MemberData(nameof(RuleFiles))]
    public void A_rule_asks_only_for_metrics_that_exist(string path)
    {
        var rules = Rules(path);
        Assert.NotEmpty(rules);
        Assert.Empty(rules.SelectMany(static rule => PromQl.Metrics(Yaml.Text(rule, "expr"))).Where(static name => !Exists(name)).Distinct());
    }

    [Theory]
    [MemberData(nameof(RuleFiles))]
    public void An_alert_has_a_severity_and_a_runbook_that_names_it(string path) =>
        Assert.All(Rules(path).Where(static rule => Yaml.Text(rule, "alert") != ""), static rule =>
        {
            Assert.Contains(Yaml.Text(rule, "labels", "severity"), Severities);
            Assert.NotEqual("", Yaml.Text(rule, "annotations", "summary"));
            Assert.Contains(Yaml.Text(rule, "alert"), Repository.Read(Yaml.Text(rule, "annotations", "runbook")), StringComparison.Ordinal);
        });

    [Fact]
    public void Every_alert_that_is_tested_exists()
    {
        var known = Repository.Files("deploy/prometheus/rules", "*.yml").SelectMany(Rules).Select(static rule => Yaml.Text(rule, "alert")).ToHashSet();
        Assert.DoesNotContain(
            Yaml.Pairs(Yaml.Documents(Repository.Read("deploy/prometheus/tests/alerts.yml"))[0]).Where(static pair => pair.Key == "alertname").Select(static pair => pair.Value),
            name => !known.Contains(name));
    }

    [Fact]
    public void Promtool_accepts_the_rules_and_they_fire_when_they_should()
    {
        Assert.SkipUnless(Tool.IsThere("promtool"), "promtool is not installed");
        Tool.Runs("promtool", ["check", "rules", .. Repository.Files("deploy/prometheus/rules", "*.yml")]);
        Tool.Runs("promtool", "check", "config", "--syntax-only", "deploy/prometheus/prometheus.yml");
        Tool.Runs("promtool", "test", "rules", "deploy/prometheus/tests/alerts.yml");
    }

    [Theory]
    [InlineData("sum by (le) (rate(a_total{job=\"x\", b=~\"c\"}[5m])) > 0 or d unless d offset 10m", "a_total", "d")]
    [InlineData("histogram_quantile(0.99, sum(rate(e_bucket[$__rate_interval])))", "e_bucket")]
    [InlineData("min(level:metric:op) != count(f{g=\"h}\"}) and on (i) vector(1)", "level:metric:op", "f")]
    public void Names_are_found_in_expressions(string expression, params string[] names) => Assert.Equal(names, PromQl.Metrics(expression));

    [Fact]
    public void A_metric_that_nobody_declares_is_noticed()
    {
        Assert.False(Exists("mesh_xds_convergence_minutes"));
        Assert.True(Exists("mesh_xds_convergence_seconds_bucket"));
        Assert.True(Exists("pilot_xds_pushes_total"));
        Assert.True(Exists("mesh_tls_certificate_expiry_seconds"));
        Assert.True(Exists("mesh_proxy_requests_total"));
    }

    private static bool Exists(string name) => DeclaredMetrics.All.Contains(name) || Recorded.Contains(name);

    private static IReadOnlyList<object> Rules(string path) =>
        [.. Yaml.List(Yaml.Documents(Repository.Read(path))[0], "groups").SelectMany(static group => Yaml.List(group, "rules"))];

    private static IEnumerable<string> Expressions(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static property =>
            property is { Name: "expr", Value.ValueKind: JsonValueKind.String } ? [property.Value.GetString()!] : Expressions(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Expressions),
        _ => [],
    };
}
