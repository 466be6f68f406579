using System.Text.RegularExpressions;

namespace Mesh.Deploy.Tests;

/// <summary>
/// The names of metrics that exist, as Prometheus reads them. Ours are read from the sources, wherever an instrument is made, because a counter is not to be
/// seen at a running process before it has counted.
/// </summary>
internal static partial class DeclaredMetrics
{
    /// <summary>What .NET, Orleans and the exporters beside the stores declare, of what is used here; seen at a running silo of the Cluster edition.</summary>
    private static readonly string[] OfOthers =
    [
        "up", "ALERTS",
        "dotnet_gc_collections_total", "dotnet_gc_last_collection_heap_size_bytes", "dotnet_gc_pause_time_seconds_total",
        "http_server_request_duration_seconds", "kestrel_connection_duration_seconds",
        "orleans_app_requests_latency_count_total", "orleans_app_requests_latency_sum_total", "orleans_app_requests_timedout_total",
        "orleans_catalog_activations", "orleans_consistent_ring_size", "orleans_grains",
        "orleans_messaging_pings_reply_missed_total", "orleans_messaging_sent_messages_size_bytes",
        "orleans_storage_read_errors_total", "orleans_storage_write_errors_total", "orleans_storage_write_latency_milliseconds",
        "redis_aof_enabled", "redis_aof_last_write_status", "redis_evicted_keys_total", "redis_memory_max_bytes", "redis_memory_used_bytes",
        "pg_up", "node_timex_offset_seconds", "node_timex_sync_status",
    ];

    public static IReadOnlySet<string> All { get; } = Read();

    private static HashSet<string> Read()
    {
        var names = new HashSet<string>(OfOthers, StringComparer.Ordinal);
        foreach (var source in Repository.Files("src", "*.cs").Select(Repository.Read))
        {
            foreach (Match made in Instrument().Matches(source))
            {
                names.Add(Name(made.Groups["name"].Value, made.Groups["unit"].Value, made.Groups["kind"].Value.EndsWith("Counter", StringComparison.Ordinal)
                    && !made.Groups["kind"].Value.Contains("UpDown", StringComparison.Ordinal)));
            }

            names.UnionWith(Written().Matches(source).Select(static name => name.Groups["name"].Value));
        }

        // A histogram is three series.
        return [.. names.SelectMany(static name => (string[])[name, name + "_bucket", name + "_count", name + "_sum"])];
    }

    /// <summary>As the control plane's exporter names them.</summary>
    private static string Name(string instrument, string unit, bool isCounter)
    {
        var name = instrument.Replace('.', '_');
        var suffix = unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        name = name.StartsWith("pilot_", StringComparison.Ordinal) || name.EndsWith(suffix, StringComparison.Ordinal) ? name : name + suffix;
        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    [GeneratedRegex("""\.Create(?<kind>(Observable)?(UpDown)?(Counter|Gauge|Histogram))(<\w+>)?\(\s*"(?<name>[a-z_.]+)"(?:[^;]*?,\s*(?:unit: )?"(?<unit>s|By)"\s*[,)])?""", RegexOptions.Singleline)]
    private static partial Regex Instrument();

    // Those that are written without an instrument: a process' own figures, and the proxy's.
    [GeneratedRegex("\"(?<name>(process|mesh_proxy)_[a-z_]+)\"")]
    private static partial Regex Written();
}
