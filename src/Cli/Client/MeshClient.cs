using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Mesh.Cli.Client;

/// <summary>
/// The control plane's REST API as meshctl uses it. Answers stay JSON nodes until a table needs their fields, so that <c>-o json</c>
/// also shows what a newer server sends and this version does not know. Every failure is a <see cref="Failure"/>.
/// </summary>
internal sealed class MeshClient : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;
    private readonly OtherServers _servers;

    /// <param name="servers">Where to ask: the first, and the next ones when it cannot be reached.</param>
    /// <param name="tls">Certificates.</param>
    public MeshClient(ImmutableArray<Uri> servers, TlsFiles tls)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        tls.Apply(handler, servers[0]);
        _servers = new OtherServers(servers, handler);
        _http = new HttpClient(_servers) { BaseAddress = servers[0], Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("meshctl/0.1");
    }

    /// <summary>The server that was asked last.</summary>
    public Uri Server => _servers.Current;

    public void Dispose() => _http.Dispose();

    public async Task<JsonNode?> GetAsync(string path, CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Get, path, null, null, cancel)).Body;

    /// <summary>All items of a list, one request per page.</summary>
    public async IAsyncEnumerable<JsonNode> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? next = null;
        do
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var page = await GetAsync(next is null ? path : $"{path}{separator}continue={Uri.EscapeDataString(next)}", cancel);
            foreach (var item in Items(page))
            {
                yield return item;
            }

            var previous = next;
            next = page is JsonObject whole ? (string?)whole["continue"] : null;
            if (next is not null && next == previous)
            {
                throw NotOurs("the same page twice");
            }
        }
        while (!string.IsNullOrEmpty(next));
    }

    public Task<Answer> PutAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, path, JsonBody(body, type), null, cancel);

    /// <summary>Sends a document as it was written, so that what the server says of its lines and fields is true of the file.</summary>
    public Task<Answer> PutTextAsync(string path, string text, string mediaType, string? ifMatch, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, path, TextBody(text, mediaType), ifMatch, cancel);

    /// <summary>The same, to a path that does something with it.</summary>
    public Task<Answer> PostTextAsync(string path, string text, string mediaType, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, TextBody(text, mediaType), null, cancel);

    public Task<Answer> PostAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Post, path, null, null, cancel);

    public Task<Answer> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, JsonBody(body, type), null, cancel);

    public Task<Answer> DeleteAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Delete, path, null, null, cancel);

    /// <summary>Sends a body that may take long, and waits for as long as the server works on it.</summary>
    public async Task<Answer> PostLongAsync(string path, HttpContent body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        try
        {
            using var response = await ReachAsync(request, cancel);
            var text = await response.Content.ReadAsStringAsync(cancel);
            return response.IsSuccessStatusCode
                ? new Answer(response.StatusCode, Parse(text))
                : throw Problems.From(response.StatusCode, text, Server);
        }
        catch (HttpRequestException broken)
        {
            throw Problems.Unreachable(Server, broken.InnerException is IOException ? "the connection broke" : broken.Message);
        }
    }

    /// <summary>Opens the event stream; it stays open until the caller disposes of the response.</summary>
    public Task<HttpResponseMessage> OpenEventsAsync(string path, string? lastEventId, CancellationToken cancel) =>
        OpenAsync(path, "text/event-stream", lastEventId, cancel);

    /// <summary>Opens an answer of any length; it stays open until the caller disposes of the response.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string accept, string? lastEventId, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await ReachAsync(request, cancel);
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw Problems.From(response.StatusCode, await response.Content.ReadAsStringAsync(cancel), Server);
            }
        }

        return response;
    }

    private static StringContent TextBody(string text, string mediaType) => new(text, Encoding.UTF8, new MediaTypeHeaderValue(mediaType, "utf-8"));

    private static ByteArrayContent JsonBody<T>(T body, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, string? ifMatch, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RequestTimeout);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        try
        {
            using var response = await ReachAsync(request, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            return response.IsSuccessStatusCode
                ? new Answer(response.StatusCode, Parse(text))
                : throw Problems.From(response.StatusCode, text, Server);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw Problems.Unreachable(Server, $"no answer within {RequestTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException broken)
        {
            throw Problems.Unreachable(Server, broken.InnerException is IOException ? "the connection broke" : broken.Message);
        }
    }

    private async Task<HttpResponseMessage> ReachAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException unreachable)
        {
            throw Problems.Unreachable(Server, unreachable);
        }
    }

    private JsonNode? Parse(string text)
    {
        try
        {
            return string.IsNullOrWhiteSpace(text) ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            throw NotOurs("something that is not JSON");
        }
    }

    private IEnumerable<JsonNode> Items(JsonNode? page)
    {
        var items = page as JsonArray ?? (page as JsonObject)?["items"] as JsonArray ?? throw NotOurs("something that is not a list");
        return items.Where(item => item is not null).Select(item => item!);
    }

    private Failure NotOurs(string what) => new(
        ExitCodes.Refused, $"{Server.AbsoluteUri.TrimEnd('/')} answered {what}, so it is probably not a Mesh.Orleans control plane.",
        "Check --server or MESH_SERVER: meshctl wants the REST port (15080 by default), not the gRPC port.");
}

/// <summary>A success: its status tells created from changed; the body is null when there is none.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonNode? Body);
