using System.Diagnostics;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Grpc.Net.Client;

namespace Mesh.Bench;

/// <summary>
/// One client as the gateway sees it: a connection of its own, one ADS stream, one EDS resource. It acknowledges what it gets and
/// notes when each state of the endpoint in question arrived.
/// </summary>
internal sealed class Subscriber : IDisposable
{
    private const string EdsType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<int, long> _arrived;

    /// <param name="grpc">The gateway.</param>
    /// <param name="node">This client's node id.</param>
    /// <param name="service">Which service's endpoints.</param>
    /// <param name="arrived">Called with how many endpoints are in rotation, and the time stamp of arrival.</param>
    public Subscriber(Uri grpc, string node, string service, Action<int, long> arrived)
    {
        _channel = GrpcChannel.ForAddress(grpc);
        _arrived = arrived;
        Completion = Run(node, service);
    }

    public Task Completion { get; }

    public void Dispose()
    {
        _stop.Cancel();
        _channel.Dispose();
    }

    private async Task Run(string node, string service)
    {
        try
        {
            using var call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(_channel)
                .StreamAggregatedResources(cancellationToken: _stop.Token);
            var request = new DiscoveryRequest { TypeUrl = EdsType, Node = new Node { Id = node, Cluster = "bench", UserAgentName = "mesh-proxy" } };
            request.ResourceNames.Add(service);
            await call.RequestStream.WriteAsync(request, _stop.Token);
            await foreach (var response in call.ResponseStream.ReadAllAsync(_stop.Token))
            {
                var at = Stopwatch.GetTimestamp();
                var assignment = response.Resources[0].Unpack<ClusterLoadAssignment>();
                _arrived(assignment.Endpoints.SelectMany(l => l.LbEndpoints).Count(e => e.HealthStatus is HealthStatus.Healthy or HealthStatus.Unknown), at);
                var ack = new DiscoveryRequest { TypeUrl = EdsType, VersionInfo = response.VersionInfo, ResponseNonce = response.Nonce };
                ack.ResourceNames.Add(service);
                await call.RequestStream.WriteAsync(ack, _stop.Token);
            }
        }
        catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or RpcException or ObjectDisposedException)
        {
        }
    }
}
