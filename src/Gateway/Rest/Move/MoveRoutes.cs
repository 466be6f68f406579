using System.Buffers;
using System.IO.Pipelines;
using Mesh.Api;
using Mesh.Contracts.Move;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Rest.Move;

/// <summary><c>/v1/export</c> and <c>/v1/import</c>: moving house.</summary>
internal static class MoveRoutes
{
    public static void Map(RouteGroupBuilder v1)
    {
        v1.MapGet("/export", Export)
            .WithName("export").WithTags("move")
            .WithSummary("Streams all documents, ledgers and endpoints with their states as JSON Lines; without a trailer at the end it is not whole")
            .Produces<string>(200, ExportFormat.MediaType).Refuses(400, 503);
        v1.MapPost("/import", Import)
            .WithName("import").WithTags("move")
            .WithSummary("Takes what an export wrote; it may be repeated, and leaves alone what is here already. The answer's `complete` says whether all of it was taken")
            .Takes("dryRun", "onConflict")
            .Reads<string>(true, ExportFormat.MediaType)
            .Produces<ImportView>().Refuses(400, 413, 415, 503);
    }

    private static async Task<IResult> Export(HttpContext http, RestLimits limits, MovePlaces places, IServiceProvider services)
    {
        if (new Queries(http, limits).Refusal() is { } refusal)
        {
            return refusal;
        }

        using var place = places.EnterExport();
        if (place is null)
        {
            return Busy(http, limits.Exports, "exports");
        }

        await ActivatorUtilities.CreateInstance<ExportRoute>(services).Write(http);
        return Results.Empty;
    }

    private static async Task<IResult> Import(HttpContext http, IGrainFactory grains, RestLimits limits, MovePlaces places)
    {
        var query = new Queries(http, limits);
        var dryRun = query.Flag("dryRun");
        var onConflict = Conflict(query);
        if (query.Refusal() is { } refusal)
        {
            return refusal;
        }

        if (http.Request.Headers.ContentEncoding.Count > 0)
        {
            return Answers.Refused(
                StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "The body is compressed.", "Send it as it is, without Content-Encoding.",
                "Content-Encoding", http.Request.Headers.ContentEncoding);
        }

        using var place = places.EnterImport();
        if (place is null)
        {
            return Busy(http, limits.Imports, "imports");
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limits.ImportBytes;
        }

        using var run = new ImportRun(grains, limits, onConflict, dryRun);
        await Read(http.Request.BodyReader, run, limits.ImportLineBytes, http.RequestAborted);
        var view = await run.End();
        // What is not an export at all is a wrong request, and not an import that went badly.
        return view.Lines is [{ Line: 1, Type: "" } first, ..]
            ? Answers.Refused([.. first.Problems.Select(static problem => new Core.Problem(Core.ProblemKind.Invalid, problem.Field, problem.Value, problem.Detail, problem.Remedy))])
            : Answers.Json(view, RestJson.Written.ImportView);
    }

    private static async Task Read(PipeReader body, ImportRun run, int limit, CancellationToken cancellationToken)
    {
        var skipping = false;
        while (!run.Over)
        {
            var result = await body.ReadAsync(cancellationToken);
            var rest = result.Buffer;
            try
            {
                (rest, skipping) = await TakeLines(rest, result.IsCompleted, skipping, run, limit);
            }
            finally
            {
                body.AdvanceTo(rest.Start, result.Buffer.End);
            }

            if (result.IsCompleted)
            {
                return;
            }
        }

        // Whoever sends without listening shall come to the answer.
        while (await body.ReadAsync(cancellationToken) is { IsCompleted: false } unread)
        {
            body.AdvanceTo(unread.Buffer.End);
        }
    }

    /// <summary>Takes the lines that are whole; answers with what is left, and whether that is the beginning of a line that is too long, which is read away and not kept.</summary>
    private static async Task<(ReadOnlySequence<byte> Left, bool Skipping)> TakeLines(
        ReadOnlySequence<byte> rest, bool last, bool skipping, ImportRun run, int limit)
    {
        while (!run.Over && rest.PositionOf((byte)'\n') is { } end)
        {
            var line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            await Take(line);
            skipping = false;
        }

        if (!run.Over && last && (skipping || !rest.IsEmpty))
        {
            await Take(rest);
            return (rest.Slice(rest.End), false);
        }

        return rest.Length > limit || skipping ? (rest.Slice(rest.End), true) : (rest, false);

        Task Take(ReadOnlySequence<byte> line) => skipping || line.Length > limit ? run.TakeTooLong() : run.Take(line.ToArray());
    }

    private static OnConflict Conflict(Queries query)
    {
        switch (query.Text("onConflict"))
        {
            case null or "fail":
                return OnConflict.Fail;
            case "skip":
                return OnConflict.Skip;
            case "replace":
                return OnConflict.Replace;
            case var other:
                query.Refuse("onConflict", other, "There is no such way.", "Use fail, skip or replace.");
                return OnConflict.Fail;
        }
    }

    private static IResult Busy(HttpContext http, int limit, string what)
    {
        http.Response.Headers.RetryAfter = "5";
        return Answers.Refused(
            StatusCodes.Status503ServiceUnavailable, "Limit reached", $"There are {limit} {what} under way already.", "Come back when they are done.");
    }
}

/// <summary>How many exports and imports are under way.</summary>
internal sealed class MovePlaces(RestLimits limits)
{
    private int _exports, _imports;

    /// <summary>A place, to be given back by disposing of it; null when all are taken.</summary>
    public IDisposable? EnterExport() => Enter(ref _exports, limits.Exports) ? new Place(() => Interlocked.Decrement(ref _exports)) : null;

    /// <inheritdoc cref="EnterExport"/>
    public IDisposable? EnterImport() => Enter(ref _imports, limits.Imports) ? new Place(() => Interlocked.Decrement(ref _imports)) : null;

    private static bool Enter(ref int taken, int limit)
    {
        if (Interlocked.Increment(ref taken) <= limit)
        {
            return true;
        }

        Interlocked.Decrement(ref taken);
        return false;
    }

    private sealed class Place(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
