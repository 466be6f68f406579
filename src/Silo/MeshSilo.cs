using System.Net;
using Mesh.Gateway.Drain;
using Mesh.Gateway.Registry;
using Mesh.Gateway.Rest;
using Mesh.Gateway.Streams;
using Mesh.Gateway.Telemetry;
using Mesh.Gateway.View;
using Mesh.Grains.Cluster;
using Mesh.Silo.Stores;
using Mesh.Silo.Tls;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mesh.Silo;

/// <summary>Puts the control plane together: silo, storage and gateway in one process.</summary>
public static class MeshSilo
{
    /// <summary>Builds it; starting it opens the store and the ports.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="configure">What a test wants otherwise.</param>
    public static WebApplication Build(SiloOptions options, Action<WebApplicationBuilder>? configure = null)
    {
        var tls = ServerTls.Load(options, TimeProvider.System);
        // The empty builder: what is not added costs neither time nor memory at the start.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(options);
        Logs.Configure(builder.Logging, options);
        if (options.OtlpEndpoint is { } otlp)
        {
            // First, so that it stops last and sends what the others say while they stop.
            builder.Services.AddMeshOtlp(builder.Logging, otlp);
        }

        GrainRuntime.AddTo(builder, options);
        builder.Services.AddHostedService<StoreMetrics>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Limits.OfShutdown(options));
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Limits.OfConnections(kestrel.Limits, options);
            // A request stream that nobody reads for a while must not use up its connection's window (1 MB) and so hold up the others on it.
            kestrel.Limits.Http2.InitialStreamWindowSize = 256 * 1024;
            // Streams are silent for as long as nothing changes: a client that vanished without a word would keep its places for ever.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            if (options.HasGateway)
            {
                kestrel.Listen(options.Bind, options.GrpcPort, listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    tls?.Secure(listen, isGrpc: true);
                });
            }

            kestrel.Listen(options.Bind, options.RestPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                tls?.Secure(listen, isGrpc: false);
            });
        });
        tls?.AddTo(builder);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(Limits.OfDrain(options));
        if (options.HasGateway)
        {
            builder.Services.AddMeshView();
            builder.Services.AddSingleton(Limits.OfStreams(options));
            builder.Services.AddMeshStreams();
            builder.Services.AddMeshRegistry();
            builder.Services.AddSingleton(Identity(options));
            builder.Services.AddMeshRest();
        }
        else
        {
            builder.Services.AddMeshProbes();
            builder.Services.AddSingleton<IReadinessCheck, MemberCheck>();
        }

        GrainRuntime.AddChecks(builder.Services);
        configure?.Invoke(builder);
        var app = builder.Build();
        if (options.HasGateway)
        {
            Route(app);
        }
        else
        {
            app.UseRestRate();
            app.UseMeshProbes();
        }

        return app;
    }

    private static MeshIdentity Identity(SiloOptions options) => new()
    {
        Cluster = options.ClusterId,
        Edition = GrainRuntime.Edition,
        Name = options.Name,
        Host = options.Advertise.ToString(),
        Silo = options.HasGrains ? static services => services.GetService<IClusterMembers>()?.Me : static _ => null,
    };

    /// <summary>
    /// Two pipelines, told apart by the protocol, as each port speaks one only: neither sees the other's paths, and gRPC's pays for no
    /// middleware of REST's.
    /// </summary>
    private static void Route(WebApplication app)
    {
        app.MapWhen(static http => HttpProtocol.IsHttp2(http.Request.Protocol), static grpc =>
        {
            grpc.UseMeshDrain();
            grpc.UseRouting();
            grpc.UseEndpoints(static routes =>
            {
                routes.MapMeshStreams();
                routes.MapMeshRegistry();
            });
        });
        app.MapWhen(static http => !HttpProtocol.IsHttp2(http.Request.Protocol), static rest =>
        {
            rest.UseRestRate();
            rest.UseMeshRest();
            rest.UseRouting();
            rest.UseEndpoints(static routes => routes.MapMeshRest());
        });
    }

    private static void UseRestRate(this IApplicationBuilder app) => app.Use(static (http, next) =>
    {
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = Limits.OfRest;
        }

        return next(http);
    });

    /// <summary>Where gRPC and REST listen, after the start. A silo without a gateway has no gRPC: then it is REST's twice.</summary>
    public static (Uri OfGrpc, Uri OfRest) Addresses(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        return (Reachable(addresses[0]), Reachable(addresses[^1]));
    }

    private static Uri Reachable(string address)
    {
        var uri = new UriBuilder(address);
        uri.Host = uri.Host is "0.0.0.0" ? IPAddress.Loopback.ToString() : uri.Host is "[::]" ? "[::1]" : uri.Host;
        return uri.Uri;
    }
}
