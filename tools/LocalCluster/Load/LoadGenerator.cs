using System.Diagnostics;

namespace Mesh.Local.Load;

/// <summary>
/// A steady load through one proxy: requests leave at a fixed rate whether or not earlier ones have been answered (an open loop), so that a
/// stall shows as lost or slow requests and not as fewer of them. A client of its own, without retries: what it sees is what a user sees.
/// </summary>
public sealed class LoadGenerator : IAsyncDisposable
{
    /// <summary>Says which proxy a request went through.</summary>
    public const string ProxyHeader = "x-mesh-trial-proxy";

    private const int MostInFlight = 512;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly string _proxy;
    private readonly string _host;
    private readonly LoadTally _tally;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private int _inFlight;

    public LoadGenerator(string proxy, Uri address, string host, int rate, LoadTally tally)
    {
        (_proxy, _host, _tally) = (proxy, host, tally);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address, Timeout = Patience };
        _running = Task.Run(() => Run(rate));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        for (var waited = 0; Volatile.Read(ref _inFlight) > 0 && waited < 110; waited++)
        {
            await Task.Delay(50);
        }

        _http.Dispose();
        _stop.Dispose();
    }

    private async Task Run(int rate)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        var start = Stopwatch.GetTimestamp();
        var sent = 0L;
        try
        {
            while (await ticks.WaitForNextTickAsync(_stop.Token))
            {
                for (var due = (long)(Stopwatch.GetElapsedTime(start).TotalSeconds * rate); sent < due; sent++)
                {
                    _ = Send();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task Send()
    {
        var at = Stopwatch.GetTimestamp();
        if (Interlocked.Increment(ref _inFlight) > MostInFlight)
        {
            Interlocked.Decrement(ref _inFlight);
            _tally.Lost(new LostRequest(_proxy, at, at, $"{MostInFlight} requests were waiting already"));
            return;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Host = _host;
            request.Headers.Add(ProxyHeader, _proxy);
            using var response = await _http.SendAsync(request);
            if (response.IsSuccessStatusCode)
            {
                _tally.Served(Stopwatch.GetElapsedTime(at));
            }
            else
            {
                Lost(at, $"{(int)response.StatusCode}");
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            Lost(at, failure is TaskCanceledException ? $"no answer in {Patience.TotalSeconds:0} s" : "no connection");
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private void Lost(long at, string why) => _tally.Lost(new LostRequest(_proxy, at, Stopwatch.GetTimestamp(), why));
}
