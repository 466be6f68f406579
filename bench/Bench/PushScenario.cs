using System.Diagnostics;

namespace Mesh.Bench;

/// <summary>
/// How long a change takes from the request that makes it to the last of the streams that want it, what it costs the control plane, and
/// whether either grows with the number of services around. The subscribers share the machine with the control plane.
/// </summary>
internal static class PushScenario
{
    public const string Help = "push       --streams 100,1000 --services 10,1000 --changes 100";

    private const int EndpointsEach = 3;

    public static async Task Run(string silo, int[] streams, int[] services, int changes)
    {
        Console.WriteLine("A change (an endpoint drained or restored by REST), to the last of the streams that want it.");
        Console.WriteLine($"{"services",9} {"streams",8} | {"min",9} {"median",9} {"p99",9} {"max",9} ms to the last stream | control plane CPU ms per change");
        foreach (var serviceCount in services)
        {
            using var plane = await ControlPlane.Start(silo);
            await Populate(plane, serviceCount);
            foreach (var streamCount in streams)
            {
                var (spread, cpu) = await Measure(plane, streamCount, changes);
                Console.WriteLine($"{serviceCount,9} {streamCount,8} | {spread} {"",22} | {cpu,8:0.00}   resident {plane.ResidentMegabytes:0} MB");
            }
        }
    }

    private static Task Populate(ControlPlane plane, int serviceCount) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, serviceCount * EndpointsEach),
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (i, _) => await plane.Put($"bench-{i / EndpointsEach}", i));

    private static async Task<(Spread Spread, double CpuMs)> Measure(ControlPlane plane, int streamCount, int changes)
    {
        var wanted = true;
        var arrived = 0;
        var last = 0L;
        var all = new TaskCompletionSource();
        var seen = new bool?[streamCount];
        var gate = new Lock();

        void Arrived(int stream, int inRotation, long at)
        {
            var whole = inRotation == EndpointsEach;
            lock (gate)
            {
                if (whole != wanted || seen[stream] == wanted)
                {
                    return;
                }

                seen[stream] = wanted;
                last = Math.Max(last, at);
                if (++arrived == streamCount)
                {
                    all.TrySetResult();
                }
            }
        }

        var subscribers = Enumerable.Range(0, streamCount)
            .Select(i => new Subscriber(plane.Grpc, $"bench-{i}", "default/bench-0", (count, at) => Arrived(i, count, at)))
            .ToArray();
        await all.Task.WaitAsync(TimeSpan.FromSeconds(60));

        var times = new List<double>(changes);
        var cpu = plane.Cpu;
        for (var i = 0; i < changes; i++)
        {
            lock (gate)
            {
                (wanted, arrived, last, all) = (!wanted, 0, 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            var start = Stopwatch.GetTimestamp();
            using var answer = await plane.Rest.PostAsync(
                new Uri($"/v1/services/default/bench-0/endpoints/e0/{(wanted ? "restore" : "drain")}", UriKind.Relative), content: null);
            answer.EnsureSuccessStatusCode();
            await all.Task.WaitAsync(TimeSpan.FromSeconds(30));
            times.Add(Stopwatch.GetElapsedTime(start, last).TotalMilliseconds);
        }

        var spent = (plane.Cpu - cpu).TotalMilliseconds / changes;
        foreach (var subscriber in subscribers)
        {
            subscriber.Dispose();
        }

        await Task.WhenAll(subscribers.Select(s => s.Completion));
        return (Spread.Of(times), spent);
    }
}
