using System.Diagnostics;
using System.Net.Http.Json;
using Mesh.Bench.Push;
using Mesh.Bench.Push.Client;
using Mesh.Core;
using Mesh.Local;
using Mesh.Local.Silos;

namespace Mesh.Bench.Capacity;

/// <summary>One cluster from its start: empty, with endpoints, under commands, under reports, with streams.</summary>
internal sealed class CapacityRun(CapacityOptions options, int silos, Action<string> say)
{
    private const int PerService = 10;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    public static async Task<CapacityResult> Measure(CapacityOptions options, int silos, Action<string> say)
    {
        var folder = Directory.CreateTempSubdirectory("mesh-capacity-");
        try
        {
            return await new CapacityRun(options, silos, say).Measure(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<CapacityResult> Measure(string folder)
    {
        var result = new CapacityResult(silos);
        await using var cluster = new LocalCluster(new LocalClusterOptions
        {
            Folder = folder,
            Silos = silos,
            Environment = new Dictionary<string, string> { ["MESH_MAX_STREAMS"] = "100000", ["MESH_MAX_STREAMS_PER_CLIENT"] = "100000" },
        });
        result = await Start(cluster, result);
        await Task.Delay(Settle);
        var members = cluster.Silos.ToArray();
        var idle = Megabytes(members);
        result = result with { IdleMegabytes = idle / silos };
        say($"{silos} silos are idle at {idle / silos:0} MB each");

        result = await Register(members, result);
        await Task.Delay(Settle);
        var populated = Megabytes(members);
        result = result with { MegabytesPer1000Endpoints = (populated - idle) * 1000 / options.Endpoints };
        say($"{options.Endpoints} endpoints: {result.CommandsPerSecond:0} a second, {result.MegabytesPer1000Endpoints:0.0} MB for 1,000");

        result = await Streams(members, populated, result);
        await using (var client = await GrainClient.Connect(cluster.Stores.PostgresConnection))
        {
            result = await Calls(client, result);
        }

        return result with { RedisMegabytes = cluster.Stores.Redis is { Pid: { } redis } ? Resident(redis) : double.NaN };
    }

    private static async Task<CapacityResult> Start(LocalCluster cluster, CapacityResult result)
    {
        await cluster.Stores.Start(CancellationToken.None);
        await cluster.Stores.ApplySchema();
        var ready = new List<double>();
        foreach (var member in cluster.Members)
        {
            member.Start();
            ready.Add((await member.Silo.Ready(TimeSpan.FromMinutes(1), CancellationToken.None)).TotalSeconds);
        }

        return result with { FirstReady = ready[0], JoinerReady = ready.Count > 1 ? ready.Skip(1).Average() : double.NaN };
    }

    /// <summary>By REST at all gateways in turn, as many services as there are tens of endpoints.</summary>
    private async Task<CapacityResult> Register(SiloProcess[] members, CapacityResult result)
    {
        var gateways = members.Select(static member => new HttpClient { BaseAddress = member.Rest, Timeout = TimeSpan.FromSeconds(60) }).ToArray();
        var times = new double[options.Endpoints];
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, options.Endpoints),
            new ParallelOptions { MaxDegreeOfParallelism = options.InFlight },
            async (i, cancel) =>
            {
                var began = Stopwatch.GetTimestamp();
                var body = new { address = $"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}", port = 8080 };
                using var answer = await gateways[i % gateways.Length].PutAsJsonAsync($"/v1/services/default/{Service(i / PerService).Name}/endpoints/{Endpoint(i)}", body, cancel);
                answer.EnsureSuccessStatusCode();
                times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            });
        var took = Stopwatch.GetElapsedTime(start);
        Array.ForEach(gateways, static gateway => gateway.Dispose());
        return result with { CommandsPerSecond = options.Endpoints / took.TotalSeconds, Commands = Spread.Of(times) };
    }

    private async Task<CapacityResult> Streams(SiloProcess[] members, double before, CapacityResult result)
    {
        var wanted = new Wanted([.. Enumerable.Range(0, Math.Min(10, Services)).Select(static i => Service(i).ToString())], Math.Min(10, Services), delta: false);
        var share = options.Streams / members.Length;
        var clients = members.Select(member => new LoadClient(
            member.Grpc.Port, [.. Enumerable.Range(0, share).Select(i => new LoadStream(i, wanted, new Nobody()))], delta: false, storm: 100)).ToArray();
        try
        {
            Array.ForEach(clients, static client => client.Start());
            while (clients.Any(client => client.Synced < share))
            {
                if (clients.Select(static client => client.Failure).FirstOrDefault(static failure => failure is not null) is { } failure)
                {
                    throw new InvalidOperationException($"A client failed: {failure}");
                }

                await Task.Delay(50);
            }

            await Task.Delay(Settle);
            var (cpu, start) = (Cpu(members), Stopwatch.GetTimestamp());
            await Task.Delay(options.Length);
            var idle = 100 * (Cpu(members) - cpu) / Stopwatch.GetElapsedTime(start);
            var streams = Megabytes(members) - before;
            say($"{share * members.Length} streams: {streams:0} MB; {idle:0.0} % of a core with nothing to do");
            return result with { MegabytesPer1000Streams = streams * 1000 / (share * members.Length), IdlePercent = idle };
        }
        finally
        {
            Array.ForEach(clients, static client => client.Dispose());
        }
    }

    private async Task<CapacityResult> Calls(GrainClient client, CapacityResult result)
    {
        Task Ask(int i) => client.Ask(Service(i % Services), Endpoint((i % Services * PerService) + (i % PerService)));
        Task Report(int i) => client.Report(Service(i % Services), [.. Enumerable.Range(i % Services * PerService, PerService).Where(e => e < options.Endpoints).Select(Endpoint)]);

        // The runtime compiles what is hot meanwhile.
        await GrainClient.Load(options.InFlight, options.Length / 2, Ask);
        await GrainClient.Load(options.InFlight, options.Length / 2, Report);
        var alone = await GrainClient.Load(1, options.Length, Ask);
        var together = await GrainClient.Load(options.InFlight, options.Length, Ask);
        var reports = await GrainClient.Load(options.InFlight, options.Length, Report);
        say($"{reports.PerSecond:0} batches of reports a second; calls: {alone.PerSecond:0} one at a time, {together.PerSecond:0} with {options.InFlight} under way");
        return result with { CallsAlone = alone.PerSecond, CallsTogether = together.PerSecond, ReportsPerSecond = reports.PerSecond, Reports = reports.Took };
    }

    private int Services => Math.Max(1, options.Endpoints / PerService);

    private static ServiceId Service(int number) => new("default", $"capacity-{number}");

    private static string Endpoint(int number) => $"e{number}";

    private static double Megabytes(SiloProcess[] members) => members.Sum(static member => member.ResidentBytes) / 1e6;

    private static TimeSpan Cpu(SiloProcess[] members) => members.Aggregate(TimeSpan.Zero, static (sum, member) =>
    {
        using var process = Process.GetProcessById(member.Pid!.Value);
        return sum + process.TotalProcessorTime;
    });

    private static double Resident(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.WorkingSet64 / 1e6;
    }
}
