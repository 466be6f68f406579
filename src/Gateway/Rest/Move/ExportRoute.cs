using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mesh.Gateway.Rest.Move;

/// <summary>
/// Writes the whole mesh as lines, in order. It holds the names, and of the rest a few services at a time. A part that does not answer breaks the stream off before the
/// trailer, and by that its reader knows.
/// </summary>
internal sealed class ExportRoute(IGrainFactory grains, MeshIdentity identity, TimeProvider time, ILogger<ExportRoute> logger)
{
    /// <summary>Services (or documents) that are asked for ahead of the one that is being written.</summary>
    private const int Ahead = 4;

    public async Task Write(HttpContext http)
    {
        var shards = await Task.WhenAll(Enumerable.Range(0, MeshLimits.CatalogShards)
            .Select(shard => grains.GetGrain<ICatalogGrain>(shard.ToString(CultureInfo.InvariantCulture)).List()));
        http.Response.ContentType = ExportFormat.MediaType;
        http.Response.Headers.CacheControl = "no-store";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var file = new ExportWriter(http.Response.BodyWriter, http.RequestAborted);
        try
        {
            await file.Header(new(ExportFormat.Version, identity.Product, identity.Cluster, time.GetUtcNow()));
            var policies = shards.SelectMany(static page => page.Policies).OrderBy(static key => key.ToString(), StringComparer.Ordinal);
            await foreach (var document in InOrder(policies, key => grains.GetGrain<IPolicyGrain>(key.ToString()).Get()))
            {
                // A document may be in the catalog and not on disk yet, or not any more.
                if (document is not null)
                {
                    await file.Policy(document);
                }
            }

            var services = shards.SelectMany(static page => page.Services).Order();
            await foreach (var (service, moved) in InOrder(services, async id => (id, await grains.GetGrain<IServiceMoveGrain>(id.ToString()).Export())))
            {
                if (moved is not null)
                {
                    await file.Service(service, moved);
                }
            }

            await file.Trailer();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            if (!http.Response.HasStarted)
            {
                throw;
            }

            logger.LogWarning(failure, "An export broke off after {Lines} lines", file.Lines);
            http.Abort();
        }
    }

    private static async IAsyncEnumerable<TResult> InOrder<T, TResult>(IEnumerable<T> items, Func<T, Task<TResult>> ask)
    {
        var asked = new Queue<Task<TResult>>();
        foreach (var item in items)
        {
            asked.Enqueue(ask(item));
            if (asked.Count > Ahead)
            {
                yield return await asked.Dequeue();
            }
        }

        while (asked.TryDequeue(out var next))
        {
            yield return await next;
        }
    }
}

/// <summary>Writes an export's lines, counts them and adds up their checksum.</summary>
internal sealed class ExportWriter(PipeWriter output, CancellationToken cancellationToken) : IDisposable
{
    private const int FlushBytes = 64 * 1024;

    private readonly ExportDigest _digest = new();
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { Encoder = MoveJson.Lines.Encoder });
    private long _policies, _services, _entries, _endpoints;

    public long Lines { get; private set; }

    public Task Header(HeaderLine header) => Line(header, counts: false);

    public Task Policy(PolicyDocument document)
    {
        _policies++;
        // Whoever puts the same text again over there shall find it unchanged: an object only where it says the very same.
        var json = JsonElement.Parse(document.Json);
        var same = JsonSerializer.Serialize(json, RestJson.Written.JsonElement) == document.Json;
        json = same ? json : JsonSerializer.SerializeToElement(document.Json, RestJson.Written.String);
        return Line(new PolicyLine(document.Key.Kind, document.Key.Namespace, document.Key.Name, document.Version, document.UpdatedAt, json));
    }

    public async Task Service(ServiceId service, MovedService moved)
    {
        _services++;
        await Line(new ServiceLine(service, moved.LastEntry, moved.Weights.IsEmpty ? null : moved.Weights));
        foreach (var entry in moved.Ledger)
        {
            _entries++;
            await Line(new EntryLine(service, entry));
        }

        foreach (var endpoint in moved.Endpoints)
        {
            _endpoints++;
            await Line(new EndpointLine(service, endpoint));
        }
    }

    public async Task Trailer()
    {
        await Line(new TrailerLine(_policies, _services, _entries, _endpoints, _digest.Current()), counts: false);
        await output.FlushAsync(cancellationToken);
    }

    public void Dispose()
    {
        _digest.Dispose();
        _json.Dispose();
    }

    private async Task Line(MoveLine line, bool counts = true)
    {
        _line.ResetWrittenCount();
        _json.Reset(_line);
        JsonSerializer.Serialize(_json, line, MoveJson.Lines);
        await _json.FlushAsync(cancellationToken);
        if (counts)
        {
            _digest.Add(_line.WrittenSpan);
        }

        output.Write(_line.WrittenSpan);
        output.Write("\n"u8);
        Lines++;
        if (output.UnflushedBytes > FlushBytes)
        {
            await output.FlushAsync(cancellationToken);
        }
    }
}
