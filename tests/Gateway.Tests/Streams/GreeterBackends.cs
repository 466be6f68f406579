using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>Some backends in one process, each on a port of its own, that answer with it.</summary>
internal sealed class GreeterBackends : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GreeterBackends(WebApplication app) => _app = app;

    public int[] Ports => [.. _app.Urls.Select(url => new Uri(url).Port)];

    public static async Task<GreeterBackends> Start(int count)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var i = 0; i < count; i++)
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            }
        });
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<Greeter>();
        await app.StartAsync();
        return new GreeterBackends(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>What the generator would write for a service with one method.</summary>
    [BindServiceMethod(typeof(GreeterBase), nameof(Bind))]
    internal abstract class GreeterBase
    {
        // A message with one string: tag, length, text.
        private static readonly Marshaller<string> Text = Marshallers.Create(
            static text => [0x0a, (byte)text.Length, .. System.Text.Encoding.UTF8.GetBytes(text)],
            static bytes => System.Text.Encoding.UTF8.GetString(bytes.AsSpan(2)));

        public static void Bind(ServiceBinderBase binder, GreeterBase? service) => binder.AddMethod(
            new Method<string, string>(MethodType.Unary, "greeter.Greeter", nameof(SayHello), Text, Text),
            service is null ? null : new UnaryServerMethod<string, string>(service.SayHello));

        public abstract Task<string> SayHello(string request, ServerCallContext context);
    }

    internal sealed class Greeter : GreeterBase
    {
        public override Task<string> SayHello(string request, ServerCallContext context) =>
            Task.FromResult($"{context.GetHttpContext().Connection.LocalPort}");
    }
}
