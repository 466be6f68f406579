using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Mesh.Gateway.Drain;

/// <summary>Registers the drain, and has connections told that they should go elsewhere.</summary>
public static class MeshDrain
{
    /// <summary>Adds <see cref="DrainGate"/> and what empties it when the host stops. A <see cref="DrainOptions"/> added before it is kept. May be called more than once.</summary>
    public static IServiceCollection AddMeshDrain(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DrainOptions>();
        services.TryAddSingleton<DrainGate>();
        services.TryAddSingleton<IDrainStatus>(static provider => provider.GetRequiredService<DrainGate>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Drainer>());
        return services;
    }

    /// <summary>
    /// While the gateway leaves, requests are still served, and their connections are told to take no further ones: HTTP/1 by <c>Connection: close</c>, HTTP/2 by GOAWAY.
    /// Rejected: to answer 503 to commands. Nobody has to repeat anywhere what was done here, and a plain HTTP client would not.
    /// </summary>
    public static IApplicationBuilder UseMeshDrain(this IApplicationBuilder app)
    {
        var gate = app.ApplicationServices.GetRequiredService<DrainGate>();
        return app.Use((http, next) =>
        {
            if (HttpProtocol.IsHttp2(http.Request.Protocol))
            {
                if (gate.IsDraining)
                {
                    http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
                }
            }
            else
            {
                // At the answer: a request that was under way when it began must not leave its connection open either.
                http.Response.OnStarting(
                    static state =>
                    {
                        var (gate, http) = ((DrainGate, HttpContext))state;
                        if (gate.IsDraining)
                        {
                            http.Response.Headers.Connection = "close";
                        }

                        return Task.CompletedTask;
                    },
                    (gate, http));
            }

            return next(http);
        });
    }
}
