using System.Diagnostics;

namespace Mesh.Bench;

/// <summary>How fast registrations are acknowledged, that is: are on disk and in the snapshot.</summary>
internal static class RegisterScenario
{
    public const string Help = "register   --endpoints 10000 --in-flight 64";

    public static async Task Run(string silo, int endpoints, int inFlight)
    {
        using var plane = await ControlPlane.Start(silo);
        var times = new double[endpoints];
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, endpoints),
            new ParallelOptions { MaxDegreeOfParallelism = inFlight },
            async (i, _) =>
            {
                var start = Stopwatch.GetTimestamp();
                await plane.Put("one", i);
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            });
        Console.WriteLine($"{endpoints} endpoints of one service, {inFlight} in flight, by REST: {endpoints / clock.Elapsed.TotalSeconds:0} a second");
        Console.WriteLine($"{"min",9} {"median",9} {"p99",9} {"max",9}");
        Console.WriteLine($"{Spread.Of(times)} ms each; resident {plane.ResidentMegabytes:0} MB");
    }
}

/// <summary>How long the control plane takes to be ready, and what it holds when idle.</summary>
internal static class StartScenario
{
    public const string Help = "start      --rounds 10";

    public static async Task Run(string silo, int rounds)
    {
        var ready = new List<double>();
        var resident = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            using var plane = await ControlPlane.Start(silo);
            ready.Add(plane.StartedIn.TotalMilliseconds);
            await Task.Delay(TimeSpan.FromSeconds(5));
            resident.Add(plane.ResidentMegabytes);
        }

        Console.WriteLine($"{"",22} {"min",9} {"median",9} {"p99",9} {"max",9}");
        Console.WriteLine($"{"ready after, ms",-22} {Spread.Of(ready)}");
        Console.WriteLine($"{"resident after 5 s, MB",-22} {Spread.Of(resident)}");
    }
}
