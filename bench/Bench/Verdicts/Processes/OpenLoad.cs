using System.Diagnostics;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>One request's end.</summary>
/// <param name="At">When it began, in seconds since the load did.</param>
/// <param name="Seconds">How long it took, counted from when it should have begun.</param>
/// <param name="Ok">Whether the answer was 200.</param>
internal readonly record struct Request(double At, double Seconds, bool Ok);

/// <summary>
/// Requests that come when they come, as from many callers, whether earlier ones were answered or not: at each proxy with exponential gaps. Callers
/// that wait for an answer before they ask again would ask least when it matters most.
/// </summary>
internal sealed class OpenLoad : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Request> _ended = [];
    private readonly Lock _gate = new();
    private readonly Task _loops;
    private int _underWay;

    /// <summary>Begins at once.</summary>
    /// <param name="proxies">Where to send to, each its share.</param>
    /// <param name="service">The host asked for.</param>
    /// <param name="rate">Requests a second, over all proxies.</param>
    /// <param name="seed">Decides the gaps.</param>
    public OpenLoad(IReadOnlyList<Uri> proxies, string service, double rate, int seed) =>
        _loops = Task.WhenAll(proxies.Select((proxy, i) => Loop(proxy, service, rate / proxies.Count, new Random(seed + i))));

    /// <summary>What has ended so far.</summary>
    public IReadOnlyList<Request> Ended
    {
        get
        {
            lock (_gate)
            {
                return [.. _ended];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops;
        while (Volatile.Read(ref _underWay) > 0)
        {
            await Task.Delay(10);
        }

        _http.Dispose();
        _stop.Dispose();
    }

    private async Task Loop(Uri proxy, string service, double rate, Random random)
    {
        var clock = Stopwatch.StartNew();
        var due = 0.0;
        while (!_stop.IsCancellationRequested)
        {
            due += -Math.Log(1 - random.NextDouble()) / rate;
            if (TimeSpan.FromSeconds(due) - clock.Elapsed is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (!_stop.IsCancellationRequested)
            {
                _ = Send(proxy, service, clock, due);
            }
        }
    }

    private async Task Send(Uri proxy, string service, Stopwatch clock, double due)
    {
        Interlocked.Increment(ref _underWay);
        var ok = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, proxy);
            request.Headers.Host = service;
            using var answer = await _http.SendAsync(request);
            ok = answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // As good as a failure.
        }

        lock (_gate)
        {
            _ended.Add(new Request(due, clock.Elapsed.TotalSeconds - due, ok));
        }

        Interlocked.Decrement(ref _underWay);
    }
}
