using System.Net.Http.Json;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>Tells the control plane of a service.</summary>
internal static class Services
{
    /// <summary>Puts a policy in force and registers the workloads; an endpoint is called e and its port.</summary>
    public static async Task Register(ControlPlane plane, string service, object trafficPolicy, IEnumerable<BackendPort> backends)
    {
        var policy = new { apiVersion = "networking.istio.io/v1", kind = "DestinationRule", metadata = new { name = service }, spec = new { host = service, trafficPolicy } };
        await Put(plane, $"/v1/policies/DestinationRule/default/{service}", policy);
        foreach (var backend in backends)
        {
            await Put(plane, $"/v1/services/default/{service}/endpoints/e{backend.Port}", new { address = "127.0.0.1", port = backend.Port });
        }
    }

    private static async Task Put(ControlPlane plane, string path, object body)
    {
        using var answer = await plane.Rest.PutAsJsonAsync(path, body);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"PUT {path}: {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }
}
