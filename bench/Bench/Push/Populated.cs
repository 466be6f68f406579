using Mesh.Bench.Push.Client;

namespace Mesh.Bench.Push;

/// <summary>A control plane with the services of a run.</summary>
internal static class Populated
{
    public static async Task<ControlPlane> Start(PushSetup setup, Action<string> say)
    {
        var plane = await ControlPlane.Start(setup.Silo);
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, setup.Services * setup.Endpoints),
                new ParallelOptions { MaxDegreeOfParallelism = 32 },
                async (i, _) => await plane.Put($"bench-{i / setup.Endpoints}", i));
            say($"{setup.Services} services of {setup.Endpoints} endpoints are registered");
            // Until what comes after registering, and the memory it took, is settled.
            await Task.Delay(TimeSpan.FromSeconds(2));
            return plane;
        }
        catch
        {
            plane.Dispose();
            throw;
        }
    }
}
