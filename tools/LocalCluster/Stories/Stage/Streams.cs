using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Xds;

namespace Mesh.Local.Stories.Stage;

/// <summary>
/// Many ADS streams that follow one service as proxies do, without being proxies: each has the list of gateways, begins at another one, and takes the
/// next when its stream ends. What matters is from the end of a stream to the first answer on the next, and that no answer ever names as good whom the mesh has taken out.
/// </summary>
internal sealed class Streams : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<uint, string> _out = new();
    private readonly ConcurrentQueue<double> _moves = new();
    private readonly ConcurrentDictionary<string, bool> _problems = new();
    private readonly Uri[] _gateways;
    private readonly string _service;
    private Task[] _running = [];
    private int _connected;

    public Streams(IEnumerable<Uri> gateways, string service)
    {
        (_gateways, _service) = ([.. gateways], service);
        foreach (var gateway in _gateways)
        {
            var handler = new SocketsHttpHandler
            {
                UseProxy = false,
                EnableMultipleHttp2Connections = true,
                ConnectTimeout = TimeSpan.FromSeconds(1),
                KeepAlivePingDelay = TimeSpan.FromSeconds(2),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(2),
            };
            _channels.Add(GrpcChannel.ForAddress(gateway, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }));
        }
    }

    /// <summary>Streams that have had an answer on their present connection.</summary>
    public int Connected => Volatile.Read(ref _connected);

    /// <summary>From each end of a stream to the first answer on the next one, in seconds.</summary>
    public IReadOnlyCollection<double> Moves => _moves;

    public IReadOnlyCollection<string> Problems => [.. _problems.Keys];

    public void Start(int count) => _running = [.. Enumerable.Range(0, count).Select(number => Task.Run(() => Follow(number)))];

    /// <summary>From now on, whoever listens on this port must not be named as good.</summary>
    public void Hold(int port, string id) => _out[(uint)port] = id;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _channels.ForEach(channel => channel.Dispose());
        _stop.Dispose();
    }

    private async Task Follow(int number)
    {
        var pauses = new Random(number);
        long? lost = null;
        for (var turn = number; !_stop.IsCancellationRequested; turn++)
        {
            var answered = false;
            try
            {
                using var call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(_channels[turn % _channels.Count])
                    .StreamAggregatedResources(cancellationToken: _stop.Token);
                var node = new Node { Id = string.Create(CultureInfo.InvariantCulture, $"stream-{number}"), Cluster = "stories", UserAgentName = "envoy" };
                await call.RequestStream.WriteAsync(new DiscoveryRequest { Node = node, TypeUrl = ResourceType.Endpoints.Url(), ResourceNames = { _service } });
                while (await call.ResponseStream.MoveNext(_stop.Token))
                {
                    if (!answered)
                    {
                        answered = true;
                        Interlocked.Increment(ref _connected);
                        if (lost is { } since)
                        {
                            _moves.Enqueue(Stopwatch.GetElapsedTime(since).TotalSeconds);
                            lost = null;
                        }
                    }

                    var answer = call.ResponseStream.Current;
                    Look(answer);
                    await call.RequestStream.WriteAsync(new DiscoveryRequest
                    {
                        TypeUrl = answer.TypeUrl,
                        VersionInfo = answer.VersionInfo,
                        ResponseNonce = answer.Nonce,
                        ResourceNames = { _service },
                    });
                }
            }
            catch (Exception ended) when (ended is RpcException or OperationCanceledException or InvalidOperationException or IOException or HttpRequestException)
            {
            }

            if (answered)
            {
                Interlocked.Decrement(ref _connected);
                lost = Stopwatch.GetTimestamp();
            }
            else
            {
                // Only who found nobody waits: the next gateway is another one.
                await Task.Delay(pauses.Next(50, 250), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Look(DiscoveryResponse answer)
    {
        foreach (var resource in answer.Resources)
        {
            foreach (var endpoint in resource.Unpack<ClusterLoadAssignment>().Endpoints.SelectMany(locality => locality.LbEndpoints))
            {
                var port = endpoint.Endpoint.Address.SocketAddress.PortValue;
                if (endpoint.HealthStatus is HealthStatus.Healthy or HealthStatus.Unknown && _out.TryGetValue(port, out var id))
                {
                    _problems.TryAdd($"a stream was told that {_service}/{id} is good, in version {answer.VersionInfo}.", true);
                }
            }
        }
    }
}
