using System.Globalization;
using Mesh.Api;
using Mesh.Core;
using Mesh.Gateway.Drain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Mesh.Gateway.Rest.Events;

/// <summary><c>/v1/events</c>: what happens, as server-sent events.</summary>
internal static class EventRoutes
{
    public static void Map(RouteGroupBuilder v1) =>
        v1.MapGet("/events", Stream)
            .WithName("watchEvents").WithTags("events")
            .WithSummary("Streams events; Last-Event-ID resumes, an event Reset says that some were missed and lists are to be read again")
            .Takes("service")
            .Produces<MeshEvent>(200, "text/event-stream").Refuses(400, 503);

    private static async Task<IResult> Stream(
        HttpContext http, MeshEvents events, EventReaders readers, RestLimits limits, TimeProvider time, DrainGate gate)
    {
        var query = new Queries(http, limits);
        var service = query.Text("service");
        if (service is not null && !ServiceId.TryParse(service, out _))
        {
            query.Refuse("service", service, "This is not a service.", "Write namespace/name.");
        }

        var position = events.Ring.Newest;
        var last = http.Request.Headers["Last-Event-ID"].ToString();
        if (last.Length > 0 && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out position))
        {
            query.Refuse("Last-Event-ID", last, "This is not an id of an event.", "Send the id of the last event received, or leave it out.");
        }

        if (query.Refusal() is { } refusal)
        {
            return refusal;
        }

        using var seat = gate.Enter(StreamKind.Events, http);
        if (seat is null)
        {
            http.Response.Headers.RetryAfter = "1";
            return Answers.Refused(
                StatusCodes.Status503ServiceUnavailable, "Draining", "This gateway is leaving and takes no new readers.", "Read at another one, or come back in a moment.");
        }

        using var place = readers.Enter();
        if (place is null)
        {
            http.Response.Headers.RetryAfter = "5";
            return Answers.Refused(
                StatusCodes.Status503ServiceUnavailable, "Limit reached", $"There are {limits.EventReaders} readers already.", "Come back later.");
        }

        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, seat.Gone);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(gone.Token, seat.Leaving);
        try
        {
            await new EventWriter(http, limits, time, waiting.Token, gone.Token).Run(events.Ring, service, position);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow, or this gateway leaves: it comes back elsewhere with the id of the last event that it had.
            if (seat.Gone.IsCancellationRequested)
            {
                http.Abort();
            }
        }

        return Results.Empty;
    }
}
