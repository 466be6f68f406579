using System.Diagnostics;
using Envoy.Config.Endpoint.V3;
using Google.Protobuf;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Proxy.Reports;
using Mesh.Proxy.Upstream;
using Mesh.Xds.LoadReports;

namespace Mesh.Bench;

/// <summary>What it costs to count a request in the proxy, to report an endpoint for one period, and to read that report in the gateway.</summary>
internal static class ReportScenario
{
    public const string Help = "reports    --endpoints 1000 --requests 100";

    private const int Rounds = 30;

    public static void Run(int endpoints, int requests)
    {
        var states = Enumerable.Range(0, endpoints).Select(i => new EndpointState("default/bench", $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}:8080")).ToList();
        var index = EndpointIndex.Of(new ServiceSnapshot
        {
            Service = new ServiceId("default", "bench"),
            Version = new(1, 1),
            Endpoints = [.. Enumerable.Range(0, endpoints).Select(i => new EndpointSnapshot { Id = $"e{i:D6}", Address = $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}", Port = 8080, Weight = 100, Status = Core.Health.HealthStatus.Healthy })],
            Policy = new(),
            At = DateTimeOffset.UnixEpoch,
        });
        var (count, allocated) = Count(states, requests);
        Console.WriteLine($"a request counted in the proxy: {count:0} ns, {allocated:0.0} bytes allocated");
        Console.WriteLine($"{endpoints} endpoints, {requests} requests each in the period; per endpoint:");
        Console.WriteLine($"  {"",-34} {"bytes",7} {"write, us",10} {"read, us",9}");
        foreach (var (name, failing, plain) in new[] { ("plain (no named metrics)", false, true), ("all answers good", false, false), ("a tenth fails", true, false) })
        {
            Report(name, states, index, requests, failing, plain);
        }
    }

    private static (double Nanoseconds, double Bytes) Count(List<EndpointState> states, int requests)
    {
        var best = double.MaxValue;
        long allocated = 0;
        for (var round = 0; round < Rounds; round++)
        {
            states.ForEach(s => s.Tally.Drain(Stopwatch.GetTimestamp()));
            var (start, bytes) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            Fill(states, requests, failing: false);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
            allocated = GC.GetAllocatedBytesForCurrentThread() - bytes;
        }

        return (best / requests / states.Count, (double)allocated / requests / states.Count);
    }

    private static void Report(string name, List<EndpointState> states, EndpointIndex index, int requests, bool failing, bool plain)
    {
        var (write, read) = (double.MaxValue, double.MaxValue);
        var size = 0;
        for (var round = 0; round < Rounds; round++)
        {
            Fill(states, requests, failing);
            var start = Stopwatch.GetTimestamp();
            var clock = new ReportClock(start, Stopwatch.Frequency);
            var seen = states.Select(s => new Seen(s, s.Tally.Drain(start)));
            var stats = ReportBuilder.Build(plain ? seen.Select(Plain) : seen, _ => TimeSpan.FromSeconds(1), clock).Single();
            if (plain)
            {
                foreach (var endpoint in stats.UpstreamLocalityStats.SelectMany(l => l.UpstreamEndpointStats))
                {
                    endpoint.LoadMetricStats.Clear();
                }
            }

            var bytes = stats.ToByteArray();
            write = Math.Min(write, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            start = Stopwatch.GetTimestamp();
            var told = LoadReportReader.Read(ClusterStats.Parser.ParseFrom(bytes), index, "bench", DateTimeOffset.UnixEpoch);
            read = Math.Min(read, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            size = bytes.Length / told.Observations.Length;
        }

        Console.WriteLine($"  {name,-34} {size,7} {write / states.Count,10:0.00} {read / states.Count,9:0.00}");
    }

    private static Seen Plain(Seen seen) => seen with { Period = new(seen.Period.Counts, Core.Latency.LatencySketch.Empty) };

    private static void Fill(List<EndpointState> states, int requests, bool failing)
    {
        foreach (var state in states)
        {
            for (var i = 0; i < requests; i++)
            {
                var start = Stopwatch.GetTimestamp();
                state.Begin(start);

                // 2 to 20 ms, as answers of one endpoint are spread.
                var took = TimeSpan.FromMilliseconds(2 * Math.Pow(10, i * 7 % 100 / 100.0));
                var fails = failing && i % 10 == 9;
                var now = Stopwatch.GetTimestamp();
                state.End(now, new(fails ? TryResult.GatewayError : TryResult.Success, now, fails ? AnswerClass.ServerError : AnswerClass.Ok, took));
            }
        }
    }
}
