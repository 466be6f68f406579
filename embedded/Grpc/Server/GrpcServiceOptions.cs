// Server: gRPC on Kestrel's HTTP/2, with the names and signatures of Grpc.AspNetCore.Server that are used here. A method is an
// endpoint of ASP.NET's routing; a call reads the request's pipe and writes the response's pipe, so Kestrel's bounds and
// HTTP/2's windows are the only buffers, and a client that does not read holds up the service that writes to it.

using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Grpc.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server
{
    /// <summary>Limits in bytes; null is "no limit".</summary>
    public class GrpcServiceOptions
    {
        /// <summary>Default 4 MB; a longer message ends its call with RESOURCE_EXHAUSTED before it is read.</summary>
        public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

        public int? MaxSendMessageSize { get; set; }

        /// <summary>Sends the text of unhandled exceptions to clients; for development alone.</summary>
        public bool? EnableDetailedErrors { get; set; }
    }

    public interface IGrpcServerBuilder
    {
        IServiceCollection Services { get; }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    public static class GrpcServicesExtensions
    {
        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddRouting();
            services.AddOptions();
            services.TryAddSingleton<MappedServices>();
            return new GrpcServerBuilder(services);
        }

        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services, Action<GrpcServiceOptions> configureOptions)
        {
            ArgumentNullException.ThrowIfNull(services);
            return services.Configure(configureOptions).AddGrpc();
        }

        private sealed class GrpcServerBuilder(IServiceCollection services) : IGrpcServerBuilder
        {
            public IServiceCollection Services => services;
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>Conventions, such as authorization, for all methods of one service.</summary>
    public sealed class GrpcServiceEndpointConventionBuilder : IEndpointConventionBuilder
    {
        private readonly List<IEndpointConventionBuilder> endpoints;

        internal GrpcServiceEndpointConventionBuilder(List<IEndpointConventionBuilder> endpoints) => this.endpoints = endpoints;

        public void Add(Action<EndpointBuilder> convention) => endpoints.ForEach(endpoint => endpoint.Add(convention));
    }

    public static class GrpcEndpointRouteBuilderExtensions
    {
        /// <summary>Maps each method of the service; an instance is made per call, from the container if it has one.</summary>
        public static GrpcServiceEndpointConventionBuilder MapGrpcService<[DynamicallyAccessedMembers(
            DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods
            | DynamicallyAccessedMemberTypes.NonPublicMethods)] TService>(this IEndpointRouteBuilder builder)
            where TService : class
        {
            ArgumentNullException.ThrowIfNull(builder);
            var mapped = builder.ServiceProvider.GetService<MappedServices>()
                ?? throw new InvalidOperationException("Call services.AddGrpc() before MapGrpcService.");
            var options = builder.ServiceProvider.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;
            var logger = builder.ServiceProvider.GetRequiredService<ILoggerFactory>()
                .CreateLogger("Grpc.AspNetCore.Server.ServerCallHandler");
            var binder = new ServiceRoutes<TService>(builder, options, logger, mapped);
            binder.Bind();
            mapped.MapUnimplemented(builder);
            return new(binder.Endpoints);
        }
    }
}
