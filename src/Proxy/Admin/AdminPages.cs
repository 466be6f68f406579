using System.Text.Json;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Model;
using Mesh.Proxy.Reports;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Admin;

/// <summary>Marks connections that came in at the admin port.</summary>
public sealed class AdminConnection
{
    /// <summary>The only one.</summary>
    public static AdminConnection Instance { get; } = new();
}

/// <summary>The pages of the admin port.</summary>
public sealed class AdminPages(
    string node, AdsClient ads, ConfigStore store, UpstreamRegistry registry, LoadReporter reporter, IReadOnlyCollection<string> services, Func<bool> stopping)
{
    private const string Index = "mesh-proxy\n/config   what is known: hosts, clusters, endpoints\n/stats    counters in Prometheus' text format\n"
        + "/ready    200 when requests can be forwarded\n/healthz  200 while the process runs\n";

    /// <summary>Handles one request.</summary>
    public Task Handle(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return Text(context, 405, "Only GET and HEAD.\n");
        }

        return context.Request.Path.Value switch
        {
            "/" => Text(context, 200, Index),
            "/healthz" => Text(context, 200, "ok\n"),
            "/ready" => WhyNotReady() is { } why ? Text(context, 503, why) : Text(context, 200, "ready\n"),
            "/stats" or "/metrics" => Text(context, 200, StatsText.Write(store.Current, registry, reporter.Delivered, ads.Seat), StatsText.ContentType),
            "/config" => Dump(context),
            _ => Text(context, 404, Index),
        };
    }

    /// <summary>Why requests cannot be forwarded yet or any more; null when they can.</summary>
    public string? WhyNotReady()
    {
        if (stopping())
        {
            return "stopping\n";
        }

        var config = store.Current;
        var missing = services.Where(s => Resolves(config, s) is not true).ToList();
        return missing.Count > 0 ? $"no configuration yet for {string.Join(", ", missing)}\n"
            : services.Count == 0 && !ads.EverConnected && config.Clusters.Count == 0 ? "the control plane has not answered yet\n" : null;
    }

    private static bool Resolves(ProxyConfig config, string host) =>
        config.Hosts.TryGetValue(host, out var known) && known.Routes is { } routes && routes.Clusters.All(config.Clusters.ContainsKey);

    private async Task Dump(HttpContext context)
    {
        var dump = await ads.Look(keeper => ConfigDump.Of(node, ads.Seat.Gateway, keeper, store.Current));
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(dump, DumpJson.Default.ConfigDump));
    }

    private static Task Text(HttpContext context, int status, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text);
    }
}
