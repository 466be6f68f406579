using System.Globalization;
using Mesh.Contracts;
using Mesh.Core;

namespace Mesh.Simulation.Cluster.Clients;

/// <summary>Writes the policy of one service, and now and then another version of it.</summary>
public sealed class PolicyAuthor(ClusterWorld cluster, ServiceId service)
{
    private readonly Client _client = new(cluster, $"author of {service}");
    private int _version;

    public void Begin() => _ = _client.Start(async () =>
    {
        // A service that is checked, or one that is not, for all of its life.
        var check = _client.Dice.Chance(0.5);
        await Put(check);
        while (true)
        {
            await _client.Wait(_client.Dice.Exponential(TimeSpan.FromSeconds(20)));
            if (cluster.Commanding)
            {
                await Put(check);
            }
        }
    });

    private async Task Put(bool check)
    {
        var json = Document(check);
        var outcome = await _client.Ask($"policy/{service}#{++_version}", (grains, operation) =>
            grains.GetGrain<IPolicyGrain>($"DestinationRule/{service.Namespace}/{service.Name}").Put(json, null, false, operation));
        if (!outcome.Ok)
        {
            cluster.Break("policies are accepted", outcome.Problems[0].Detail);
        }
    }

    private string Document(bool check) => string.Create(CultureInfo.InvariantCulture, $$"""
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "DestinationRule",
          "metadata": { "name": "{{service.Name}}", "namespace": "{{service.Namespace}}" },
          "spec": { "host": "{{service.Name}}", "trafficPolicy": {
            "outlierDetection": {
              "consecutive5xxErrors": {{_client.Dice.Next(3, 6)}}, "interval": "4s", "baseEjectionTime": "{{_client.Dice.Next(3, 8)}}s", "maxEjectionTime": "12s",
              "maxEjectionPercent": {{_client.Dice.OneOf([30, 50])}}
            }{{(check ? """, "healthCheck": { "interval": "2s", "noTrafficInterval": "2s", "httpHealthCheck": { "path": "/healthz" } }""" : "")}}
          } }
        }
        """);
}
