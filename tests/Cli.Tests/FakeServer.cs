using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using Mesh.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Mesh.Cli.Tests;

/// <summary>A control plane of canned answers on a port of its own, which remembers what it was asked.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, Func<HttpContext, Task>> _answers = [];

    private FakeServer(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    public ConcurrentQueue<Asked> Requests { get; } = new();

    /// <summary>Without TLS, or with what it is to show and, where roots are given, to demand.</summary>
    public static async Task<FakeServer> Start(KeyPair? shows = null, TrustedRoots? demands = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (shows is not null)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = shows.Context,
                        ClientCertificateRequired = demands is not null,
                        CertificateChainPolicy = demands?.Policy(ofClients: true),
                    }),
                });
            }
        }));
        var app = builder.Build();
        var server = new FakeServer(app);
        app.Run(server.Answer);
        await app.StartAsync(TestContext.Current.CancellationToken);
        server.Url = app.Urls.Single();
        return server;
    }

    /// <param name="request">Method, path and query, as in <c>GET /v1/services?limit=2</c>; without a query it also answers those with one.</param>
    /// <param name="body">What to answer.</param>
    /// <param name="status">With which status.</param>
    public FakeServer On(string request, string body, int status = 200)
    {
        _answers[request] = async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = status >= 400 ? "application/problem+json" : "application/json";
            await context.Response.WriteAsync(body);
        };
        return this;
    }

    public FakeServer On(string request, Func<HttpContext, Task> answer)
    {
        _answers[request] = answer;
        return this;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task Answer(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var raw = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        Requests.Enqueue(new Asked(
            context.Request.Method, raw, body, context.Request.ContentType, context.Request.Headers.IfMatch, context.Request.Headers["Last-Event-ID"]));
        var asked = $"{context.Request.Method} {raw}";
        if (_answers.TryGetValue(asked, out var answer) || _answers.TryGetValue(asked.Split('?')[0], out answer))
        {
            await answer(context);
            return;
        }

        context.Response.StatusCode = 404;
        context.Response.ContentType = "application/problem+json";
        await context.Response.WriteAsync("""
            {"title":"Not found","status":404,"detail":"There is no such thing.","problems":[{"field":"","value":null,"detail":"There is no such thing.","remedy":"See the list."}]}
            """);
    }
}

internal sealed record Asked(string Method, string Target, string Body, string? ContentType, string? IfMatch, string? LastEventId);
