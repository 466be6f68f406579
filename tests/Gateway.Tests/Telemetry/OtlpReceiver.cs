using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Tests.Telemetry;

/// <summary>A collector as small as it can be: takes OTLP over HTTP and reads as much of it as the tests ask for.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public Uri Endpoint => new(_app.Urls.First());

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    /// <summary>How many requests came for each path.</summary>
    public ConcurrentDictionary<string, int> Requests { get; } = new();

    public ConcurrentQueue<string> Payloads { get; } = new();

    public static async Task<OtlpReceiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.Run(receiver.Take);
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task Take(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        Requests.AddOrUpdate(http.Request.Path, 1, static (_, count) => count + 1);
        Payloads.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
        if (http.Request.Path == "/v1/traces")
        {
            // ExportTraceServiceRequest.resource_spans = 1, .scope_spans = 2, .spans = 2
            foreach (var span in Fields(body.ToArray(), 1).SelectMany(static r => Fields(r, 2)).SelectMany(static s => Fields(s, 2)))
            {
                Spans.Enqueue(new ReceivedSpan(
                    Convert.ToHexStringLower(Fields(span, 1).Single()),
                    Convert.ToHexStringLower(Fields(span, 2).Single()),
                    Convert.ToHexStringLower(Fields(span, 4).SingleOrDefault() ?? []),
                    Encoding.UTF8.GetString(Fields(span, 5).Single())));
            }
        }

        http.Response.ContentType = "application/x-protobuf";
    }

    private static List<byte[]> Fields(byte[] message, int wanted)
    {
        var found = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == wanted && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                found.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }
}

/// <summary>What the tests need of a span.</summary>
internal sealed record ReceivedSpan(string Trace, string Id, string Parent, string Name);
