using System.Net;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Proxy.Admin;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Model;
using Mesh.Proxy.Options;
using Mesh.Proxy.Reports;
using Mesh.Proxy.Upstream;
using Mesh.Tls;
using Mesh.Xds.Translation;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;

namespace Mesh.Proxy;

/// <summary>Puts the proxy together: the configuration's keeper and its stream, the reporter, the forwarder, and the two ports.</summary>
public static class ProxyHost
{
    /// <summary>A proxy that is ready to be started.</summary>
    /// <param name="options">What a person said.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logging">Changes where it logs to; null for the console.</param>
    /// <param name="random">Where chance in forwarding comes from; null for the system's. Any other serves one request at a time.</param>
    /// <exception cref="TlsFileException">A file for TLS is wrong.</exception>
    public static WebApplication Build(ProxyOptions options, TimeProvider? time = null, Action<ILoggingBuilder>? logging = null, Random? random = null)
    {
        var clock = time ?? TimeProvider.System;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Log(builder.Logging, options);
        logging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Drain);
        var node = Node(options);
        var tls = Tls(options, clock);
        builder.Services
            .AddSingleton(clock)
            .AddSingleton(node)
            .AddSingleton(new Backoff(TimeSpan.FromMilliseconds(50), options.ReconnectMax))
            .AddSingleton(new GatewayList(options.Node, options.Gateways, Dns.GetHostAddressesAsync))
            .AddSingleton<GatewaySeat>()
            .AddSingleton(s => Journey(options, tls, s))
            .AddSingleton<ConfigStore>()
            .AddSingleton<UpstreamRegistry>()
            .AddSingleton(s => new ConfigKeeper(
                node,
                options.Services,
                new KeeperLimits { Hosts = options.MaxHosts, EjectionLapse = options.EjectionLapse, Detection = options.Detection },
                s.GetRequiredService<ConfigStore>(),
                s.GetRequiredService<UpstreamRegistry>(),
                clock,
                options.State is { } path ? StateFile.Load(path) : null))
            .AddSingleton(s => new AdsClient(
                s.GetRequiredService<ConfigKeeper>(), s.GetRequiredService<ConfigStore>(), s.GetRequiredService<AdsJourney>(), s.GetRequiredService<GatewaySeat>(), clock))
            .AddSingleton<LoadReporter>()
            .AddHostedService(s => s.GetRequiredService<AdsClient>())
            .AddHostedService(s => s.GetRequiredService<LoadReporter>());
        if (options.State is { } file)
        {
            builder.Services.AddHostedService(s => new StateSaver(
                file, s.GetRequiredService<AdsClient>(), s.GetRequiredService<ConfigStore>(), clock, s.GetRequiredService<ILogger<StateSaver>>()));
        }

        var app = builder.Build();
        Serve(app, options, clock, random ?? Random.Shared);
        return app;
    }

    /// <summary>Where a started proxy listens for the workload, and where for an admin.</summary>
    public static (Uri Listen, Uri Admin) Addresses(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return (new Uri(addresses.First()), new Uri(addresses.Last()));
    }

    private static void Serve(WebApplication app, ProxyOptions options, TimeProvider clock, Random random)
    {
        var ads = app.Services.GetRequiredService<AdsClient>();
        var reporter = app.Services.GetRequiredService<LoadReporter>();
        var store = app.Services.GetRequiredService<ConfigStore>();
        var parts = new ForwardingParts(
            app.Services.GetRequiredService<IHttpForwarder>(),
            store,
            (endpoint, result) =>
            {
                if (result is not (TryResult.Success or TryResult.Ignored))
                {
                    reporter.Failed(endpoint);
                    ads.Failing(endpoint);
                }
            },
            clock,
            random,
            options.ReplayLimit);
        var limits = new ForwardingLimits { ConfigurationWait = options.ConfigurationWait, Hosts = options.MaxHosts };
        var forwarder = new MeshForwarder(parts, limits, ads.Ask);
        var admin = new AdminPages(
            options.Node, ads, store, app.Services.GetRequiredService<UpstreamRegistry>(), reporter, options.Services,
            () => app.Lifetime.ApplicationStopping.IsCancellationRequested);
        app.Run(context => context.Features.Get<AdminConnection>() is null ? forwarder.Handle(context) : admin.Handle(context));
    }

    private static void Listen(KestrelServerOptions kestrel, ProxyOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = options.MaxConnections;

        // Bodies stream through; their size is between the workload and the service.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        kestrel.AllowAlternateSchemes = true;
        kestrel.Listen(options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => connection => PrefaceSniffer.Sniff(connection, next));
        });
        kestrel.Listen(options.Admin, listen => listen.Use(next => connection =>
        {
            connection.Features.Set(AdminConnection.Instance);
            return next(connection);
        }));
    }

    private static Node Node(ProxyOptions options)
    {
        var node = new Node
        {
            Id = options.Node,
            Cluster = options.Cluster,
            UserAgentName = ClientKinds.MeshProxyUserAgent,
            UserAgentVersion = typeof(ProxyHost).Assembly.GetName().Version?.ToString(3) ?? "0",
            Locality = new Locality { Region = options.Region, Zone = options.Zone, SubZone = options.SubZone },
            ClientFeatures = { "envoy.lrs.supports_send_all_clusters" },
        };
        if (!options.Labels.IsEmpty)
        {
            var labels = new Struct { Fields = { options.Labels.ToDictionary(static l => l.Key, static l => Value.ForString(l.Value)) } };
            node.Metadata = new() { Fields = { [ClientPlaces.LabelsField] = Value.ForStruct(labels) } };
        }

        return node;
    }

    private static AdsJourney Journey(ProxyOptions options, ClientTls? tls, IServiceProvider services) => new(
        services.GetRequiredService<GatewayList>(),
        gateway => GatewayConnection.To(gateway, options, tls),
        services.GetRequiredService<GatewaySeat>(),
        services.GetRequiredService<Node>(),
        new JourneyOptions
        {
            Backoff = services.GetRequiredService<Backoff>(),
            Return = new Backoff(options.ReturnAfter, options.ReturnAfter * 10),
        },
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<AdsClient>>());

    private static ClientTls? Tls(ProxyOptions options, TimeProvider clock)
    {
        if (options.Ca is null && options.Cert is null && options.Key is null)
        {
            return null;
        }

        return options.Gateways.FirstOrDefault(static gateway => gateway.Scheme != Uri.UriSchemeHttps) is { } plain
            ? throw new TlsFileException($"--ca, --cert and --key are for TLS, but the control plane's address is {plain}. Write it with https://.")
            : ClientTls.Load(PemFile.At("--ca", options.Ca), PemFile.At("--cert", options.Cert), PemFile.At("--key", options.Key), clock);
    }

    private static void Log(ILoggingBuilder logging, ProxyOptions options) => logging
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
        })
        .SetMinimumLevel(options.Verbose ? LogLevel.Debug : LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        // It warns that HTTP/2 needs TLS, not knowing of the sniffer.
        .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error)
        // Each failed try is counted and reported; a line for each would drown the rest.
        .AddFilter("Yarp", options.Verbose ? LogLevel.Information : LogLevel.Error)
        .AddFilter("System.Net.Http", LogLevel.Warning);
}
