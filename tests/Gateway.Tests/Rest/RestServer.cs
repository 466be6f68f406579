using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Mesh.Gateway.View;
using Mesh.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;

namespace Mesh.Gateway.Tests.Rest;

/// <summary>The whole control plane in this process, on free ports and a store of its own.</summary>
public sealed class RestServer : IAsyncLifetime
{
    private readonly DirectoryInfo _data;
    private readonly bool _keepsData;
    private readonly Action<WebApplicationBuilder>? _configure;
    private readonly Uri? _otlp;

    public RestServer()
        : this(null)
    {
    }

    /// <param name="configure">Changes what it is built of.</param>
    /// <param name="otlp">Where it sends its telemetry.</param>
    /// <param name="data">Where it keeps its data, which stay there; null for a place of its own that goes with it.</param>
    internal RestServer(Action<WebApplicationBuilder>? configure, Uri? otlp = null, DirectoryInfo? data = null) =>
        (_configure, _otlp, _data, _keepsData) = (configure, otlp, data ?? Directory.CreateTempSubdirectory("mesh-rest-"), data is not null);

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public Uri Grpc { get; private set; } = null!;

    public Uri Rest { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new SiloOptions { GrpcPort = 0, RestPort = 0, DataDirectory = _data.FullName, OtlpEndpoint = _otlp };
        App = MeshSilo.Build(options, builder =>
        {
            foreach (var console in builder.Services.Where(static s => s.ImplementationType == typeof(ConsoleLoggerProvider)).ToArray())
            {
                builder.Services.Remove(console);
            }

            _configure?.Invoke(builder);
        });
        await App.StartAsync();
        (Grpc, Rest) = MeshSilo.Addresses(App);
        Http = new HttpClient { BaseAddress = Rest, Timeout = Eventually.Limit };
        var view = App.Services.GetRequiredService<IMeshView>();
        await Eventually.True(() => view.Ready);
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (App is not null)
        {
            await App.StopAsync();
            await App.DisposeAsync();
        }

        if (!_keepsData)
        {
            _data.Delete(recursive: true);
        }
    }

    public async Task<Answer> Send(
        HttpMethod method, string path, string? body = null, string? type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request);
        return await Answer.Read(response);
    }

    public Task<Answer> Get(string path) => Send(HttpMethod.Get, path);

    public Task<Answer> Put(string path, string body, string? type = "application/json", params (string Name, string Value)[] headers) =>
        Send(HttpMethod.Put, path, body, type, headers);

    public Task<Answer> Post(string path, string? body = null) => Send(HttpMethod.Post, path, body);

    public Task<Answer> Delete(string path) => Send(HttpMethod.Delete, path);
}

/// <summary>What came back.</summary>
public sealed record Answer(int Status, string? Type, string Text, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>The fields of the problems, after checking that it is a problem with a way out.</summary>
    public string[] Refusal(int status)
    {
        Assert.True(Status == status, $"{Status} instead of {status}: {Text}");
        Assert.Equal("application/problem+json", Type);
        Assert.Equal(status, (int)Json["status"]!);
        Assert.StartsWith("urn:mesh:problem:", (string)Json["type"]!, StringComparison.Ordinal);
        Assert.NotEmpty((string)Json["title"]!);
        Assert.DoesNotContain("Exception", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
        var problems = Json["problems"]!.AsArray();
        Assert.NotEmpty(problems);
        Assert.All(problems, static problem =>
        {
            Assert.NotEmpty((string)problem!["detail"]!);
            Assert.NotEmpty((string)problem["remedy"]!);
        });
        return [.. problems.Select(static problem => (string)problem!["field"]!)];
    }

    public static async Task<Answer> Read(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Content.Headers.ContentType?.MediaType,
        await response.Content.ReadAsStringAsync(),
        response.Headers,
        response.Content.Headers);
}
