using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Streams;

/// <summary>
/// Repeats what runs out at clients, at a third of its time to live, so that two beats may be lost before something is. One timer serves all streams, in turns:
/// a mesh whose thousands of clients all beat at once would have a wave of writes three times in each life. Rejected: a timer for each stream. Nothing is done,
/// and no timer runs, unless a time to live is configured.
/// </summary>
internal sealed class Heartbeats(ProxyRegistry registry, StreamOptions options, TimeProvider time) : BackgroundService
{
    private const int Parts = 16;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Ads.ResourceTtl.Count == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Ads.ResourceTtl.Values.Min() / 3 / Parts, time);
        try
        {
            // Ticks that come late come as one, which puts a part off but leaves none out.
            for (var part = 0; await timer.WaitForNextTickAsync(stoppingToken); part = (part + 1) % Parts)
            {
                registry.Beat(part, Parts);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping, and the streams end with it.
        }
    }
}
