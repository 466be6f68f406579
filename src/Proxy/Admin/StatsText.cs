using System.Globalization;
using System.Text;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Admin;

/// <summary>Writes the proxy's counters in Prometheus' text format.</summary>
public static class StatsText
{
    /// <summary>The media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>All counters now.</summary>
    public static string Write(ProxyConfig config, UpstreamRegistry registry, long reports, GatewaySeat seat)
    {
        var text = new StringBuilder(4096);
        Family(text, "mesh_proxy_control_plane_connected", "gauge", "1 while the control plane answers.");
        Sample(text, "mesh_proxy_control_plane_connected", "", config.Connected ? 1 : 0);
        Family(text, "mesh_proxy_gateway", "gauge", "1 for the gateway that serves this proxy.");
        if (seat.Gateway is { } gateway)
        {
            Sample(text, "mesh_proxy_gateway", Label("gateway", gateway), 1);
        }

        Family(text, "mesh_proxy_gateway_moves_total", "counter", "Times that another gateway took over than the one before.");
        Sample(text, "mesh_proxy_gateway_moves_total", "", seat.Moves);
        Family(text, "mesh_proxy_ejections_lapsed", "gauge", "1 while the control plane has been away for so long that its ejections do not count.");
        Sample(text, "mesh_proxy_ejections_lapsed", "", config.EjectionsLapsed ? 1 : 0);
        Family(text, "mesh_proxy_hosts", "gauge", "Host names followed.");
        Sample(text, "mesh_proxy_hosts", "", config.Hosts.Count);
        Family(text, "mesh_proxy_load_reports_total", "counter", "Load reports sent.");
        Sample(text, "mesh_proxy_load_reports_total", "", reports);
        Family(text, "mesh_proxy_memory_bytes", "gauge", "Resident memory.");
        Sample(text, "mesh_proxy_memory_bytes", "", Environment.WorkingSet);
        Clusters(text, registry);
        Endpoints(text, config, registry);
        return text.ToString();
    }

    private static void Clusters(StringBuilder text, UpstreamRegistry registry)
    {
        var clusters = registry.Clusters;
        Family(text, "mesh_proxy_requests_total", "counter", "Requests answered, by class of status.");
        foreach (var cluster in clusters)
        {
            for (var kind = 1; kind < cluster.Answers.Length; kind++)
            {
                Sample(text, "mesh_proxy_requests_total", $"{Label("cluster", cluster.Name)},code=\"{kind}xx\"", Interlocked.Read(ref cluster.Answers[kind]));
            }
        }

        Each("mesh_proxy_requests_in_flight", "gauge", "Requests under way.", c => c.Requests);
        Each("mesh_proxy_requests_waiting", "gauge", "Requests that wait for a connection.", c => c.Gate.Waiting);
        Each("mesh_proxy_requests_refused_total", "counter", "Requests refused by a limit.", c => c.Refused);
        Each("mesh_proxy_retries_total", "counter", "Tries after the first.", c => c.Retried);
        Family(text, "mesh_proxy_request_duration_seconds", "histogram", "From a request's arrival to the end of its answer.");
        foreach (var cluster in clusters)
        {
            Histogram(text, Label("cluster", cluster.Name), cluster.Latency);
        }

        void Each(string name, string type, string help, Func<ClusterState, long> value)
        {
            Family(text, name, type, help);
            foreach (var cluster in clusters)
            {
                Sample(text, name, Label("cluster", cluster.Name), value(cluster));
            }
        }
    }

    private static void Endpoints(StringBuilder text, ProxyConfig config, UpstreamRegistry registry)
    {
        var endpoints = registry.Endpoints;
        Family(text, "mesh_proxy_upstream_tries_total", "counter", "Tries by endpoint and outcome.");
        foreach (var endpoint in endpoints)
        {
            Sample(text, "mesh_proxy_upstream_tries_total", $"{Labels(endpoint)},outcome=\"success\"", endpoint.Succeeded);
            Sample(text, "mesh_proxy_upstream_tries_total", $"{Labels(endpoint)},outcome=\"failure\"", endpoint.Failed);
        }

        Family(text, "mesh_proxy_upstream_in_flight", "gauge", "Tries under way.");
        foreach (var endpoint in endpoints)
        {
            Sample(text, "mesh_proxy_upstream_in_flight", Labels(endpoint), endpoint.InFlight);
        }

        Family(text, "mesh_proxy_upstream_in_rotation", "gauge", "1 while requests may go to the endpoint.");
        foreach (var cluster in config.Clusters.Values)
        {
            var usable = cluster.Usable.Select(e => e.State).ToHashSet();
            foreach (var endpoint in cluster.All)
            {
                Sample(text, "mesh_proxy_upstream_in_rotation", Labels(endpoint.State), usable.Contains(endpoint.State) ? 1 : 0);
            }
        }
    }

    private static void Histogram(StringBuilder text, string labels, LatencyHistogram histogram)
    {
        var (cumulative, sum) = histogram.Read();
        for (var i = 0; i < cumulative.Length; i++)
        {
            var bound = i < LatencyHistogram.Bounds.Length ? LatencyHistogram.Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            Sample(text, "mesh_proxy_request_duration_seconds_bucket", $"{labels},le=\"{bound}\"", cumulative[i]);
        }

        Sample(text, "mesh_proxy_request_duration_seconds_sum", labels, sum);
        Sample(text, "mesh_proxy_request_duration_seconds_count", labels, cumulative[^1]);
    }

    private static string Labels(EndpointState endpoint) => $"{Label("cluster", endpoint.Cluster)},{Label("endpoint", endpoint.Key)}";

    private static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static void Family(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Sample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
