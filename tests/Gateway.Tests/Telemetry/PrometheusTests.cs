using System.Diagnostics;
using System.Diagnostics.Metrics;
using Mesh.Gateway.Telemetry;
using Mesh.Gateway.Tests.Rest;

namespace Mesh.Gateway.Tests.Telemetry;

public sealed class PrometheusTests
{
    [Fact]
    public async Task Promtool_has_nothing_to_say_against_the_metrics()
    {
        if (!File.Exists("/usr/bin/promtool"))
        {
            Assert.True(Environment.GetEnvironmentVariable("CI") is null, "promtool is missing; install Debian's package prometheus.");
            Assert.Skip("promtool is not installed (Debian's package prometheus).");
        }

        await using var server = new RestServer();
        await server.InitializeAsync();
        await server.Put("/v1/services/default/greeter/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        await server.Post("/v1/services/default/greeter/endpoints/a/eject");
        await server.Get("/nowhere");
        var metrics = await server.Get("/metrics");
        Assert.Equal("text/plain", metrics.Type);

        // How many is not asked: other tests' control planes live in this process and measure under the same names.
        Assert.Contains("mesh_services ", metrics.Text, StringComparison.Ordinal);
        Assert.Contains("mesh_endpoints{status=\"Ejected\"} ", metrics.Text, StringComparison.Ordinal);
        Assert.Contains("process_resident_memory_bytes ", metrics.Text, StringComparison.Ordinal);

        using var promtool = Process.Start(new ProcessStartInfo("/usr/bin/promtool", "check metrics")
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await promtool.StandardInput.WriteAsync(metrics.Text);
        promtool.StandardInput.Close();

        // What the real Orleans measures has names of its own.
        var said = string.Join('\n', (await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => !line.StartsWith("orleans_", StringComparison.Ordinal)));
        await promtool.WaitForExitAsync();
        Assert.True(said.Length == 0, said);
        Assert.InRange(promtool.ExitCode, 0, 3);
    }

    [Fact]
    public void Counters_gauges_and_histograms_are_written_as_the_format_wants_them()
    {
        using var exporter = new PrometheusExporter();
        using var meter = new Meter(MeshTelemetry.Name);
        meter.CreateCounter<int>("test.requests", description: "Two\nlines \\ and a \"quote\".").Add(3, new KeyValuePair<string, object?>("path", "a\"b\\c\nd"));
        var histogram = meter.CreateHistogram("test.duration", "s", "How long.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        histogram.Record(0.1);
        histogram.Record(0.5);
        histogram.Record(7);
        meter.CreateObservableGauge("test.level", () => 1.5, "By", "Level.");
        meter.CreateUpDownCounter<long>("test.open").Add(-2);
        var text = exporter.Scrape();
        Assert.Contains("# HELP test_requests_total Two\\nlines \\\\ and a \"quote\".\n# TYPE test_requests_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("test_requests_total{path=\"a\\\"b\\\\c\\nd\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "# TYPE test_duration_seconds histogram\ntest_duration_seconds_bucket{le=\"0.1\"} 1\ntest_duration_seconds_bucket{le=\"1\"} 2\n" +
            "test_duration_seconds_bucket{le=\"+Inf\"} 3\ntest_duration_seconds_sum 7.6\ntest_duration_seconds_count 3\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE test_level_bytes gauge\ntest_level_bytes 1.5\n", text, StringComparison.Ordinal);
        Assert.Contains("test_open -2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Series_beyond_the_limit_are_added_up_in_one_that_says_so()
    {
        using var exporter = new PrometheusExporter();
        using var meter = new Meter(MeshTelemetry.Name);
        var counter = meter.CreateCounter<int>("test.flood");
        for (var i = 0; i < PrometheusSeries.MostSeries + 50; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        var text = exporter.Scrape();
        Assert.Contains("test_flood_total{overflow=\"true\"} 50\n", text, StringComparison.Ordinal);
        Assert.Equal(PrometheusSeries.MostSeries + 1, text.Split("\ntest_flood_total{").Length - 1);
    }

    [Fact]
    public void A_gauge_that_has_gone_is_not_shown_any_more()
    {
        using var exporter = new PrometheusExporter();
        var meter = new Meter(MeshTelemetry.Name);
        meter.CreateObservableGauge("test.passing", () => 1);
        Assert.Contains("test_passing 1", exporter.Scrape(), StringComparison.Ordinal);
        meter.Dispose();
        Assert.DoesNotContain("test_passing 1", exporter.Scrape(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gauge_that_fails_takes_no_other_with_it()
    {
        using var exporter = new PrometheusExporter();
        using var meter = new Meter(MeshTelemetry.Name);
        meter.CreateObservableGauge("test.broken", new Func<int>(() => throw new InvalidOperationException("broken")));
        meter.CreateObservableGauge("test.whole", () => 1);
        Assert.Contains("test_whole 1", exporter.Scrape(), StringComparison.Ordinal);
    }
}
