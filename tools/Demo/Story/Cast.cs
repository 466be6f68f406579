using Mesh.Api;
using Mesh.Demo.Actors;
using Mesh.Demo.Processes;
using Mesh.Local.Load;

namespace Mesh.Demo.Story;

/// <summary>Everyone on stage: the control plane, three backends that renew their leases, two proxies, and the load through them.</summary>
internal sealed class Cast(House house, DemoOptions options) : IAsyncDisposable
{
    public const string Service = "greeter";

    private static readonly string[] BackendIds = ["a", "b", "c"];
    private static readonly string[] ProxyIds = ["proxy-1", "proxy-2"];

    private readonly List<LoadGenerator> _loads = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _renewals = Task.CompletedTask;

    public ControlPlane ControlPlane { get; } = new(options.Silos > 1 ? new SiloHost(house, options.Silos) : new SingleHost(house));

    public IReadOnlyList<BackendProcess> Backends { get; private set; } = [];

    public IReadOnlyList<ProxyProcess> Proxies { get; private set; } = [];

    public LoadTally Tally { get; } = new();

    public async Task<TimeSpan> StartAll(CancellationToken cancel)
    {
        // Alone, so that its start is timed and not the start of six processes at once.
        var ready = await ControlPlane.Start(cancel);
        Backends = await Task.WhenAll(BackendIds.Select(id => BackendProcess.Start(house, id, cancel)));
        foreach (var backend in Backends)
        {
            var body = new EndpointPut { Address = "127.0.0.1", Port = backend.Port, Lease = "10s", InstanceId = backend.InstanceId };
            if (!await ControlPlane.Register(Service, backend.Id, body, cancel))
            {
                throw new DemoException($"the control plane refused to register backend {backend.Id}.");
            }
        }

        if (!await ControlPlane.Apply(Service, Policy(), cancel))
        {
            throw new DemoException("the control plane refused the demo's policy.");
        }

        _renewals = Task.Run(Renew, CancellationToken.None);
        Proxies = [.. ProxyIds.Select(id => ProxyProcess.Start(house, id, ControlPlane.Grpc))];
        await Task.WhenAll(Proxies.Select(proxy => proxy.Forwards(Service, cancel)));
        return ready;
    }

    public void StartLoad()
    {
        foreach (var proxy in Proxies)
        {
            _loads.Add(new LoadGenerator(proxy.Id, new Uri($"http://127.0.0.1:{proxy.Port}"), Service, options.Rate, Tally));
        }
    }

    public async Task StopLoad()
    {
        await Task.WhenAll(_loads.Select(load => load.DisposeAsync().AsTask()));
        _loads.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewals;
        await StopLoad();
        foreach (var backend in Backends)
        {
            backend.Dispose();
        }

        await ControlPlane.DisposeAsync();
        _stop.Dispose();
    }

    private string Policy() => $"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: {Service}
        spec:
          host: {Service}
          trafficPolicy:
            loadBalancer:
              simple: ROUND_ROBIN
            connectionPool:
              http:
                maxRetries: 64
            outlierDetection:
              consecutive5xxErrors: 5
              interval: 1s
              baseEjectionTime: {options.BaseEjection.TotalSeconds:0}s
              maxEjectionPercent: 50
        """;

    private async Task Renew()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var backend in Backends)
                {
                    try
                    {
                        await ControlPlane.Heartbeat(Service, backend.Id, backend.InstanceId, _stop.Token);
                    }
                    catch (Exception away) when (away is HttpRequestException || (away is TaskCanceledException && !_stop.IsCancellationRequested))
                    {
                        // It is away; a renewal after its return is soon enough.
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
