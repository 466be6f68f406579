using System.Diagnostics;
using System.Globalization;
using Mesh.Api;
using Mesh.Demo.Actors;

namespace Mesh.Demo.Story;

/// <summary>Looks at the stage a few times a second, for the screen: who gets how much, and what the control plane says of each.</summary>
internal sealed class Sampler : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <summary>Rates are over so many samples: long enough to be steady, short enough to see a backend leave.</summary>
    private const int Window = 4;

    private readonly Cast _cast;
    private readonly Scene _scene;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<(string Backend, string Proxy), Queue<(long At, long Count)>> _counts = [];
    private readonly Task _running;
    private Dictionary<string, string> _statuses = [];

    public Sampler(Cast cast, Scene scene)
    {
        (_cast, _scene) = (cast, scene);
        _running = Task.Run(Run);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task Run()
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                await Sample();
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or DemoException)
        {
            // The narrator meets the same failure and reports it.
        }
    }

    private async Task Sample()
    {
        try
        {
            var endpoints = await _cast.ControlPlane.Endpoints(Cast.Service, _stop.Token);
            _statuses = endpoints.ToDictionary(endpoint => endpoint.Id, Status);
        }
        catch (Exception away) when (away is HttpRequestException or IOException || (away is TaskCanceledException && !_stop.IsCancellationRequested))
        {
            // The last word on each still stands: the proxies go on with it as well.
        }

        var views = new List<BackendView>();
        foreach (var backend in _cast.Backends)
        {
            var state = await backend.State(_stop.Token);
            var rates = _cast.Proxies.ToDictionary(
                proxy => proxy.Id,
                proxy => Rate((backend.Id, proxy.Id), state.Proxies.TryGetValue(proxy.Id, out var seen) ? seen.Served + seen.Failed : 0));
            views.Add(new BackendView(backend.Id, _statuses.GetValueOrDefault(backend.Id, "-"), state.Failing, rates));
        }

        _scene.Show(views, [.. _cast.Proxies.Select(proxy => proxy.Id)], LoadLine(views));
    }

    private static string Status(EndpointDetail endpoint) =>
        endpoint.Status == "Ejected" && endpoint.Reason is { Length: > 0 } why ? $"{endpoint.Status}: {why}" : endpoint.Status;

    private double Rate((string Backend, string Proxy) of, long count)
    {
        if (!_counts.TryGetValue(of, out var samples))
        {
            _counts[of] = samples = new Queue<(long, long)>();
        }

        samples.Enqueue((Stopwatch.GetTimestamp(), count));
        while (samples.Count > Window + 1)
        {
            samples.Dequeue();
        }

        var (at, before) = samples.Peek();
        var seconds = Stopwatch.GetElapsedTime(at).TotalSeconds;
        return seconds > 0.05 ? (count - before) / seconds : 0;
    }

    private string LoadLine(List<BackendView> views)
    {
        var rate = views.Sum(view => view.Rates.Values.Sum());
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{rate:0} requests/s, {_cast.Tally.Total:N0} in all, {_cast.Tally.Losses().Count} failed; half within {_cast.Tally.Percentile(0.5):0.0} ms, 99% within {_cast.Tally.Percentile(0.99):0.0} ms");
    }
}
