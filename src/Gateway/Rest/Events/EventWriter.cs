using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Mesh.Api;
using Mesh.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest.Events;

/// <summary>Writes the events to one reader. A write that does not end in time drops the reader (the overflow action); it may come back
/// and resume.</summary>
/// <param name="http">The reader.</param>
/// <param name="limits">How long a write may take.</param>
/// <param name="time">The clock.</param>
/// <param name="ending">Called off when nothing more is to be waited for; what is being written is finished.</param>
/// <param name="gone">Called off when nothing more can be written.</param>
internal sealed class EventWriter(HttpContext http, RestLimits limits, TimeProvider time, CancellationToken ending, CancellationToken gone)
{
    private const int Batch = 256;

    private static readonly Counter<long> Dropped = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.events.readers.dropped", description: "Readers of the event stream that were dropped because a write to them did not end in time.");

    public async Task Run(EventRing ring, string? service, long position)
    {
        await Flush(": connected\n\n");
        while (true)
        {
            var (batch, missed, more) = ring.After(position, Batch);
            var text = new StringBuilder();
            if (missed)
            {
                position = batch is [var oldest, ..] ? oldest.Id - 1 : ring.Newest;
                Append(text, new MeshEvent(
                    position, time.GetUtcNow(), "Reset", null, null, null, "Some events are not remembered any more; read the lists again."));
            }

            foreach (var item in batch)
            {
                position = item.Id;
                if (service is null || item.Service == service)
                {
                    Append(text, item);
                }
            }

            if (text.Length > 0)
            {
                await Flush(text.ToString());
            }

            ending.ThrowIfCancellationRequested();
            if (batch.Count == 0)
            {
                await WaitOrBeat(more);
            }
        }
    }

    private static void Append(StringBuilder text, MeshEvent item) => text.Append(
        CultureInfo.InvariantCulture,
        $"id: {item.Id}\nevent: {item.Kind}\ndata: {JsonSerializer.Serialize(item, RestJson.Written.MeshEvent)}\n\n");

    private async Task WaitOrBeat(Task more)
    {
        try
        {
            await more.WaitAsync(limits.EventHeartbeat, time, ending);
        }
        catch (TimeoutException)
        {
            await Flush(": still here\n\n");
        }
    }

    private async Task Flush(string text)
    {
        using var limit = new CancellationTokenSource(limits.EventWriteTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, gone);
        try
        {
            await http.Response.WriteAsync(text, either.Token);
            await http.Response.Body.FlushAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !gone.IsCancellationRequested)
        {
            Dropped.Add(1);
            http.Abort();
            throw;
        }
    }
}
