using System.Globalization;
using System.Net.Http.Json;
using System.Text;

namespace Mesh.Bench;

/// <summary>
/// What active checks cost the control plane: its CPU over the same time with checks and without, in turns, with all endpoints registered in both.
/// The endpoints are one listener in this process, each under a loopback address of its own.
/// </summary>
internal static class ChecksScenario
{
    public const string Help = "checks     --endpoints 2000 --services 20 --interval 5 --seconds 60 --rounds 2";

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(12);

    /// <summary>One round's figures; CPU in percent of one core.</summary>
    public sealed record Round(int Number, double Without, double With, double ChecksPerSecond, string Median, string P99, long Failed, long Connections, double ResidentMegabytes);

    public static async Task Run(string silo, int endpoints, int services, int interval, int seconds, int rounds)
    {
        Console.WriteLine($"{endpoints} endpoints of {services} services, checked by HTTP every {interval} s; {seconds} s each with and without.");
        Console.WriteLine($"{"",8} | {"control plane CPU, % of a core",31} | {"checks a",9} | {"duration, ms",25} | {"connections",11} | {"resident",9}");
        Console.WriteLine($"{"round",8} | {"without",9} {"with",9} {"difference",11} | {"second",9} | {"median",8} {"p99",8} {"failed",7} | {"opened",11} | {"MB",9}");
        await foreach (var round in Measure(silo, endpoints, services, interval, seconds, rounds))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{round.Number,8} | {round.Without,9:0.00} {round.With,9:0.00} {round.With - round.Without,11:0.00} | {round.ChecksPerSecond,9:0} | {round.Median,8} {round.P99,8} {round.Failed,7} | {round.Connections,11} | {round.ResidentMegabytes,9:0}"));
        }
    }

    public static async IAsyncEnumerable<Round> Measure(string silo, int endpoints, int services, int interval, int seconds, int rounds)
    {
        using var responder = new CheckResponder();
        using var plane = await ControlPlane.Start(silo);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, endpoints),
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (i, _) => await Register(plane, i, $"checked-{i % services}", responder.Port));
        for (var round = 1; round <= rounds; round++)
        {
            await Task.Delay(Settle);
            var without = await Cpu(plane, seconds);
            await Each(services, i => Put(plane, i, interval));
            await Task.Delay(Settle);
            var (before, answered) = (await CheckDurations.Read(plane.Rest), responder.Answered);
            var with = await Cpu(plane, seconds);
            var rate = (responder.Answered - answered) / (double)seconds;
            var durations = (await CheckDurations.Read(plane.Rest)).Since(before);
            yield return new(
                round, without, with, rate, durations.Quantile(0.5), durations.Quantile(0.99), durations.Failed, responder.Connections, plane.ResidentMegabytes);
            await Each(services, i => Delete(plane, i));
        }
    }

    /// <summary>In percent of one core.</summary>
    private static async Task<double> Cpu(ControlPlane plane, int seconds)
    {
        var (cpu, clock) = (plane.Cpu, System.Diagnostics.Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return 100 * (plane.Cpu - cpu) / clock.Elapsed;
    }

    private static async Task Register(ControlPlane plane, int number, string service, int port)
    {
        var body = new { address = $"127.{1 + (number >> 16 & 127)}.{number >> 8 & 255}.{number & 255}", port };
        using var answer = await plane.Rest.PutAsJsonAsync($"/v1/services/default/{service}/endpoints/e{number}", body);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task Each(int services, Func<int, Task> work)
    {
        for (var i = 0; i < services; i++)
        {
            await work(i);
        }
    }

    private static async Task Put(ControlPlane plane, int service, int interval)
    {
        // The same interval without traffic, of which there is none here.
        var document = $$"""
            {
              "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": { "name": "checked-{{service}}", "namespace": "default" },
              "spec": { "host": "checked-{{service}}", "trafficPolicy": {
                "healthCheck": { "httpHealthCheck": { "path": "/healthz" }, "interval": "{{interval}}s", "noTrafficInterval": "{{interval}}s" } } }
            }
            """;
        using var content = new StringContent(document, Encoding.UTF8, "application/json");
        using var answer = await plane.Rest.PutAsync(Policy(service), content);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task Delete(ControlPlane plane, int service)
    {
        using var answer = await plane.Rest.DeleteAsync(Policy(service));
        answer.EnsureSuccessStatusCode();
    }

    private static Uri Policy(int service) => new($"/v1/policies/DestinationRule/default/checked-{service}", UriKind.Relative);
}
