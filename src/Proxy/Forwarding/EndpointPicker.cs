using System.Numerics;
using Mesh.Proxy.LoadBalancing;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Forwarding;

/// <summary>Picks an endpoint for a try.</summary>
public static class EndpointPicker
{
    private const int Draws = 5;

    /// <summary>An endpoint that was not tried yet if there is one, as the cluster's balancer has it; null when there is none at all.</summary>
    /// <param name="cluster">The cluster in its newest version.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="hash">What the request hashes to.</param>
    /// <param name="tried">Keys of the endpoints tried; null before the first.</param>
    public static EndpointModel? Pick(ClusterModel cluster, Random random, ulong hash, List<string>? tried)
    {
        var index = cluster.Balancer.Pick(random, hash, tried?.Count ?? 0);
        if (tried is null || index < 0)
        {
            return index < 0 ? null : cluster.Usable[index];
        }

        for (var draw = 1; draw < Draws && tried.Contains(cluster.Usable[index].State.Key); draw++)
        {
            index = cluster.Balancer.Pick(random, hash, tried.Count);
        }

        // The balancer insists (a heavy weight, a ring walked round): take the next one that is new.
        for (var step = 0; step < cluster.Usable.Length; step++)
        {
            var other = cluster.Usable[(index + step) % cluster.Usable.Length];
            if (!tried.Contains(other.State.Key))
            {
                return other;
            }
        }

        return FromReserve(cluster, random, tried) ?? cluster.Usable[index];
    }

    // All that get requests were tried. They may all run in one zone that is in trouble, and the mesh not know yet.
    private static EndpointModel? FromReserve(ClusterModel cluster, Random random, List<string> tried)
    {
        var left = cluster.Reserve.Where(e => !tried.Contains(e.State.Key)).ToList();
        return left.Count == 0 ? null : left[random.Next(left.TakeWhile(e => e.Config.Priority == left[0].Config.Priority).Count())];
    }

    /// <summary>What a request hashes to; at random when its route names nothing, or nothing that it has.</summary>
    public static ulong Hash(RouteRule route, HttpContext context, Random random)
    {
        ulong? hash = null;
        foreach (var policy in route.HashPolicies)
        {
            var text = policy.Header is { } header ? context.Request.Headers[header].ToString() : context.Connection.RemoteIpAddress?.ToString();
            if (!string.IsNullOrEmpty(text))
            {
                var part = XxHash64.Of(text);
                hash = hash is { } before ? BitOperations.RotateLeft(before, 1) ^ part : part;
                if (policy.Terminal)
                {
                    break;
                }
            }
        }

        return hash ?? (ulong)random.NextInt64(long.MinValue, long.MaxValue);
    }
}
