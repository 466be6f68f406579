using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Envoy.Service.LoadStats.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Proxy.Tests.Support;

/// <summary>A control plane without grains: the real translation and the real account of each stream, served from a table that tests write.</summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<Stream> _streams = [];
    private readonly Dictionary<ServiceId, ServiceSnapshot> _snapshots = [];
    private readonly Socket _place = new(SocketType.Stream, ProtocolType.Tcp);
    private MeshResources _resources = MeshResources.Empty;
    private WebApplication? _app;
    private long _version;

    public int Port { get; }

    public ConcurrentQueue<DiscoveryRequest> Requests { get; } = [];

    public ConcurrentQueue<LoadStatsRequest> Reports { get; } = [];

    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(1);

    // A port that is bound, but on which nobody listens, refuses connections and is given to no one else while the control plane is away.
    private ControlPlane()
    {
        _place.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)_place.LocalEndPoint!).Port;
    }

    /// <summary>Puts TLS on its port, from the next time it listens.</summary>
    public Action<ListenOptions>? Secure { get; set; }

    public static async Task<ControlPlane> Start(TimeSpan? reportInterval = null, Action<ListenOptions>? secure = null)
    {
        var plane = new ControlPlane { ReportInterval = reportInterval ?? TimeSpan.FromSeconds(1), Secure = secure };
        await plane.Up();
        return plane;
    }

    /// <summary>Listens, on the same port as before.</summary>
    public async Task Up()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, Port, l =>
        {
            l.Protocols = HttpProtocols.Http2;
            Secure?.Invoke(l);
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<Ads>();
        _app.MapGrpcService<Lrs>();
        await _app.StartAsync();
    }

    /// <summary>Goes away without a word.</summary>
    public async Task Down()
    {
        foreach (var stream in All())
        {
            try
            {
                stream.Context.Abort();
            }
            catch (ObjectDisposedException)
            {
                // It has ended by itself meanwhile.
            }
        }

        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app!.StopAsync(now.Token);
        await _app.DisposeAsync();
        lock (_gate)
        {
            _streams.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Down();
        _place.Dispose();
    }

    /// <summary>Makes a service what the test says, and pushes it.</summary>
    public void Set(string service, TrafficPolicy policy, params EndpointSnapshot[] endpoints)
    {
        var id = new ServiceId(ServiceId.DefaultNamespace, service);
        lock (_gate)
        {
            Put(new ServiceSnapshot
            {
                Service = id,
                Version = new SnapshotVersion(1, ++_version),
                Endpoints = [.. endpoints.OrderBy(e => e.Id, StringComparer.Ordinal)],
                Policy = policy,
                Routing = _snapshots.GetValueOrDefault(id)?.Routing,
                At = DateTimeOffset.UnixEpoch,
            });
        }
    }

    /// <summary>Splits the requests for a service that is there; without shares it gets them itself again.</summary>
    public void Split(string service, params (string To, int Weight)[] shares)
    {
        lock (_gate)
        {
            Put(_snapshots[new ServiceId(ServiceId.DefaultNamespace, service)] with
            {
                Version = new SnapshotVersion(1, ++_version),
                Routing = shares.Length == 0 ? null : new() { Destinations = [.. shares.Select(s => new RouteDestination(new(ServiceId.DefaultNamespace, s.To), s.Weight))] },
            });
        }
    }

    /// <summary>Makes a service with the default policy (in turn, so that tests can count).</summary>
    public void Set(string service, params EndpointSnapshot[] endpoints) =>
        Set(service, new TrafficPolicy { LoadBalancer = LoadBalancerAlgorithm.RoundRobin }, endpoints);

    public void Remove(string service)
    {
        var id = new ServiceId(ServiceId.DefaultNamespace, service);
        lock (_gate)
        {
            _snapshots.Remove(id);
            Put(id, null);
        }
    }

    /// <summary>Ejects or restores one endpoint of a service.</summary>
    public void Eject(string service, int port, bool ejected = true)
    {
        ServiceSnapshot before;
        lock (_gate)
        {
            before = _snapshots[new ServiceId(ServiceId.DefaultNamespace, service)];
        }

        Set(service, before.Policy, [.. before.Endpoints.Select(e => e.Port == port
            ? e with { Status = ejected ? HealthStatus.Ejected : HealthStatus.Healthy } : e)]);
    }

    /// <summary>Sends all streams an answer that no translation made.</summary>
    public void Inject(string typeUrl, params IMessage[] resources)
    {
        var response = new DiscoveryResponse
        {
            TypeUrl = typeUrl,
            VersionInfo = "injected",
            Nonce = $"injected-{Guid.NewGuid()}",
            Resources = { resources.Select(r => new Any { TypeUrl = typeUrl, Value = r.ToByteString() }) },
        };
        foreach (var stream in All())
        {
            stream.Injected.Enqueue(response);
            stream.Wake();
        }
    }

    public static EndpointSnapshot Endpoint(Backend backend, int weight = 100, HealthStatus status = HealthStatus.Healthy) =>
        Endpoint(backend.Port, weight, status);

    public static EndpointSnapshot Endpoint(int port, int weight = 100, HealthStatus status = HealthStatus.Healthy) =>
        new() { Id = $"e{port}", Address = "127.0.0.1", Port = port, Weight = weight, Status = status };

    private void Put(ServiceSnapshot snapshot)
    {
        _snapshots[snapshot.Service] = snapshot;
        Put(snapshot.Service, snapshot);
    }

    private void Put(ServiceId id, ServiceSnapshot? snapshot)
    {
        (_resources, var change) = _resources.With(id, snapshot);
        foreach (var stream in _streams)
        {
            stream.MarkChanged(id, change);
        }
    }

    private List<Stream> All()
    {
        lock (_gate)
        {
            return [.. _streams];
        }
    }

    private sealed class Stream(Microsoft.AspNetCore.Http.HttpContext context)
    {
        private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public Microsoft.AspNetCore.Http.HttpContext Context => context;

        public AdsStream Account { get; } = new(AdsVariant.StateOfTheWorld, new AdsLimits());

        public HashSet<(ResourceType, string)> Names { get; } = [];

        public ConcurrentQueue<DiscoveryResponse> Injected { get; } = [];

        public void Wake() => _wake.Writer.TryWrite(true);

        public Task<bool> Woken(CancellationToken token) => _wake.Reader.ReadAsync(token).AsTask();

        public void MarkChanged(ServiceId id, ResourceChange change)
        {
            foreach (var (type, name) in Names.Where(n => Concerns(n, id, change)))
            {
                Account.Mark(type, name);
            }

            Wake();
        }

        private static bool Concerns((ResourceType Type, string Name) one, ServiceId id, ResourceChange change) => one.Type switch
        {
            ResourceType.Cluster => change.Cluster && one.Name == id.ToString(),
            ResourceType.Endpoints => change.Endpoints && one.Name == id.ToString(),
            _ => change.Routes && HostNames.Resolve(one.Name) == id,
        };
    }

    private sealed class Ads(ControlPlane plane) : AggregatedDiscoveryService.AggregatedDiscoveryServiceBase
    {
        public override async Task StreamAggregatedResources(
            IAsyncStreamReader<DiscoveryRequest> requestStream, IServerStreamWriter<DiscoveryResponse> responseStream, ServerCallContext context)
        {
            var stream = new Stream(context.GetHttpContext());
            lock (plane._gate)
            {
                plane._streams.Add(stream);
            }

            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            var reading = Read(requestStream, stream, ended);
            try
            {
                while (true)
                {
                    await stream.Woken(ended.Token);
                    while (Next(stream) is { } response)
                    {
                        await responseStream.WriteAsync(response);
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
            finally
            {
                lock (plane._gate)
                {
                    plane._streams.Remove(stream);
                }

                await reading;
            }
        }

        private DiscoveryResponse? Next(Stream stream)
        {
            if (stream.Injected.TryDequeue(out var injected))
            {
                return injected;
            }

            lock (plane._gate)
            {
                return stream.Account.Next(plane._resources.For(stream.Account.Client)) is { } next
                    ? next.ToMessage()
                    : null;
            }
        }

        private async Task Read(IAsyncStreamReader<DiscoveryRequest> requests, Stream stream, CancellationTokenSource ended)
        {
            try
            {
                while (await requests.MoveNext(ended.Token))
                {
                    var request = requests.Current;
                    plane.Requests.Enqueue(request);
                    lock (plane._gate)
                    {
                        var receipt = stream.Account.Receive(request);
                        if (receipt.Type is { } type)
                        {
                            stream.Names.ExceptWith(receipt.Removed.Select(n => (type, n)));
                            stream.Names.UnionWith(receipt.Added.Select(n => (type, n)));
                        }
                    }

                    stream.Wake();
                }
            }
            catch (Exception e) when (e is IOException or RpcException or OperationCanceledException)
            {
            }

            await ended.CancelAsync();
        }
    }

    private sealed class Lrs(ControlPlane plane) : LoadReportingService.LoadReportingServiceBase
    {
        public override async Task StreamLoadStats(
            IAsyncStreamReader<LoadStatsRequest> requestStream, IServerStreamWriter<LoadStatsResponse> responseStream, ServerCallContext context)
        {
            try
            {
                await requestStream.MoveNext(context.CancellationToken);
                await responseStream.WriteAsync(new LoadStatsResponse
                {
                    SendAllClusters = true,
                    ReportEndpointGranularity = true,
                    LoadReportingInterval = plane.ReportInterval.ToDuration(),
                });
                while (await requestStream.MoveNext(context.CancellationToken))
                {
                    plane.Reports.Enqueue(requestStream.Current);
                }
            }
            catch (Exception e) when (e is IOException or RpcException or OperationCanceledException)
            {
            }
        }
    }
}
