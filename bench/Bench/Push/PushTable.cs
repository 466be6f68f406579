using System.Globalization;

namespace Mesh.Bench.Push;

/// <summary>Results for people.</summary>
internal static class PushTable
{
    public static void Head(TextWriter output)
    {
        output.WriteLine("Milliseconds from the control plane's acceptance of a change to its arrival, over all updates; its CPU for each update, its memory.");
        output.WriteLine($"{"variant",-7} {"streams",7} {"of services",12} | {"p50",7} {"p99",7} {"max",7} {"last p50",8} ms | {"from request p50",16} {"p99",7} | {"CPU",6} {"kernel",6} {"-idle",6} us | {"RSS",6} MB {"/stream",7} KB | {"bytes",6} | {"client",6} us | {"warm-up p99",11} {"CPU",6} | updates");
    }

    public static void Write(TextWriter output, PushResult r) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{r.Setup.Variant,-7} {r.Setup.Streams,7} {r.Setup.Subscribed + " of " + r.Setup.Services,12} | {r.FromAcceptance.Median,7:0.0} {r.FromAcceptance.P99,7:0.0} {r.FromAcceptance.Max,7:0.0} {r.ToLast.Median,8:0.0}    | {r.FromRequest.Median,16:0.0} {r.FromRequest.P99,7:0.0} | {r.CpuEach,6:0.0} {r.KernelCpuEach,6:0.0} {r.CpuEachAboveIdle,6:0.0}    | {r.Megabytes,6:0}    {r.KilobytesEach,7:0.0}    | {r.BytesEach,6:0} | {r.ClientCpuEach,6:0.0}    | {r.WarmUp.P99,11:0.0} {r.WarmUpCpuEach,6:0.0} | {r.Deliveries}{(r.Missing > 0 ? $", {r.Missing} MISSING" : "")}   idle {r.IdlePercent:0.0} %"));

    public static void Write(TextWriter output, ReconnectResult r) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{r.Streams} delta clients after a kill: ready {r.StartedIn:0.00} s after the start; all in sync {r.FromFirst:0.00} s after the first was connected, {r.FromReady:0.00} s after readiness; {r.Resent} resources resent, {(double)r.Bytes / r.Streams:0} bytes each"));
}
