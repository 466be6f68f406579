using System.Diagnostics;
using System.Text;

namespace Mesh.Gateway.Telemetry;

/// <summary>The few figures of a process that every Prometheus client has, under the names that dashboards know.</summary>
internal static class ProcessMetrics
{
    private static readonly double StartedAt = Started();

    public static void Write(StringBuilder text)
    {
        using var me = Process.GetCurrentProcess();
        Gauge(text, "process_resident_memory_bytes", "Resident memory size in bytes.", me.WorkingSet64);
        Gauge(text, "process_virtual_memory_bytes", "Virtual memory size in bytes.", me.VirtualMemorySize64);
        Gauge(text, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", StartedAt);
        Gauge(text, "process_threads", "Operating system threads of the process.", me.Threads.Count);
        PrometheusText.Header(text, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", "counter");
        PrometheusText.Sample(text, "process_cpu_seconds_total", "", me.TotalProcessorTime.TotalSeconds);
        if (Directory.Exists("/proc/self/fd"))
        {
            Gauge(text, "process_open_fds", "Number of open file descriptors.", Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        }
    }

    private static void Gauge(StringBuilder text, string name, string help, double value)
    {
        PrometheusText.Header(text, name, help, "gauge");
        PrometheusText.Sample(text, name, "", value);
    }

    private static double Started()
    {
        using var me = Process.GetCurrentProcess();
        return (me.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}
