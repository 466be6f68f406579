using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mesh.Gateway.Telemetry;

/// <summary>
/// Sends traces, metrics and logs by OTLP. Nothing of it exists unless an endpoint is configured. The providers are built by
/// hand, and disposed of when the host stops, which sends what is still waiting.
/// </summary>
public static class OtlpExport
{
    private static readonly string[] Sources = [MeshTelemetry.Name, "Microsoft.AspNetCore", "Microsoft.Orleans.Application"];

    /// <summary>Adds the export to a host.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="logging">The host's logging.</param>
    /// <param name="endpoint">The collector, without <c>/v1/traces</c>.</param>
    public static IServiceCollection AddMeshOtlp(this IServiceCollection services, ILoggingBuilder logging, Uri endpoint)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("mesh-silo", serviceVersion: Version());
        logging.AddOpenTelemetry(logs =>
        {
            logs.SetResourceBuilder(resource);
            logs.IncludeFormattedMessage = true;
            logs.AddOtlpExporter(otlp => Aim(otlp, endpoint, "logs"));
        });
        services.AddHostedService(_ => new Providers(resource, endpoint));
        return services;
    }

    /// <summary>gRPC on its usual port or when OTEL_EXPORTER_OTLP_PROTOCOL says so, HTTP otherwise.</summary>
    private static void Aim(OtlpExporterOptions otlp, Uri endpoint, string signal)
    {
        var asked = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL");
        var grpc = asked is null ? endpoint.Port == 4317 : asked == "grpc";
        otlp.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = grpc ? endpoint : new Uri($"{endpoint.ToString().TrimEnd('/')}/v1/{signal}");
    }

    private static string Version() =>
        typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    private sealed class Providers(ResourceBuilder resource, Uri endpoint) : IHostedService, IDisposable
    {
        private TracerProvider? _traces;
        private MeterProvider? _metrics;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource(Sources)
                .AddOtlpExporter(otlp => Aim(otlp, endpoint, "traces"))
                .Build();
            _metrics = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(resource)
                .AddMeter([.. MeshTelemetry.Meters])
                .AddOtlpExporter(otlp => Aim(otlp, endpoint, "metrics"))
                .Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, cancellationToken);

        public void Dispose()
        {
            _traces?.Dispose();
            _metrics?.Dispose();
            (_traces, _metrics) = (null, null);
        }
    }
}
