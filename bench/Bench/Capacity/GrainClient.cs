using System.Collections.Immutable;
using System.Diagnostics;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Bench.Capacity;

/// <summary>
/// Calls grains as a gateway apart from the silos does, and without one in between: what is measured is the grain, the runtime and the network. A
/// call reaches its grain through whichever silo the client is connected to, so with three silos two of three cross from one to another.
/// </summary>
internal sealed class GrainClient : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IGrainFactory _grains;

    private GrainClient(WebApplication app) => (_app, _grains) = (app, app.Services.GetRequiredService<IGrainFactory>());

    public static async Task<GrainClient> Connect(string postgres)
    {
        var app = MeshSilo.Build(new SiloOptions { Role = SiloRole.Gateway, Postgres = postgres, GrpcPort = 0, RestPort = 0, DataDirectory = Path.GetTempPath() });
        await app.StartAsync();
        return new GrainClient(app);
    }

    /// <summary>A small call: what is registered of an endpoint.</summary>
    public Task Ask(ServiceId service, string endpoint) => _grains.GetGrain<IEndpointGrain>($"{service}/{endpoint}").Get();

    /// <summary>What a gateway brings a service each second.</summary>
    public Task Report(ServiceId service, ImmutableArray<string> endpoints) => _grains.GetGrain<IServiceGrain>(service.ToString()).Report(new ServiceReport
    {
        Service = service,
        Reporter = "bench",
        SentAt = DateTimeOffset.UtcNow,
        Observations = [.. endpoints.Select(static id => new EndpointObservation { EndpointId = id, Succeeded = 99, Failed = 1, TrailingFailures = 0, LastSuccess = DateTimeOffset.UtcNow, Statuses = new(99, 0, 0, 1) })],
    });

    /// <summary>Does something over and over, so many at a time.</summary>
    /// <returns>How many a second, and how long each took in milliseconds.</returns>
    public static async Task<(double PerSecond, Spread Took)> Load(int inFlight, TimeSpan length, Func<int, Task> work)
    {
        var next = 0;
        var times = new List<double>[inFlight];
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async worker =>
        {
            times[worker] = [];
            while (Stopwatch.GetElapsedTime(start) < length)
            {
                var began = Stopwatch.GetTimestamp();
                await work(Interlocked.Increment(ref next));
                times[worker].Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }));
        return (times.Sum(static each => each.Count) / Stopwatch.GetElapsedTime(start).TotalSeconds, Spread.Of(times.SelectMany(static each => each)));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
