using System.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grpc.Internal;

/// <summary>
/// Turns what [BindServiceMethod] lists into endpoints. Binding happens once, with the service's type alone; each method is
/// found by its name and parameters, as the original does, and called through an open delegate on a fresh instance.
/// </summary>
internal sealed class ServiceRoutes<TService>(
    IEndpointRouteBuilder routes, GrpcServiceOptions options, ILogger logger, MappedServices mapped) : ServiceBinderBase
    where TService : class
{
    private delegate Task<TResponse> Unary<TRequest, TResponse>(TService service, TRequest request, ServerCallContext context);

    private delegate Task<TResponse> ClientStreaming<TRequest, TResponse>(
        TService service, IAsyncStreamReader<TRequest> requests, ServerCallContext context);

    private delegate Task ServerStreaming<TRequest, TResponse>(
        TService service, TRequest request, IServerStreamWriter<TResponse> responses, ServerCallContext context);

    private delegate Task Duplex<TRequest, TResponse>(
        TService service, IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context);

    private static readonly ObjectFactory<TService> Create = ActivatorUtilities.CreateFactory<TService>(Type.EmptyTypes);

    private Type baseType = typeof(TService);

    public List<IEndpointConventionBuilder> Endpoints { get; } = [];

    public void Bind()
    {
        for (var type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
            {
                const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
                var bind = attribute.BindType.GetMethod(attribute.BindMethodName, Static, [typeof(ServiceBinderBase), type])
                    ?? throw new InvalidOperationException(
                        $"{attribute.BindType} has no static method {attribute.BindMethodName}(ServiceBinderBase, {type.Name}).");
                baseType = type;
                bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [this, null], null);
                return;
            }
        }
        throw new InvalidOperationException($"{typeof(TService)} is no gRPC service: no base class has [BindServiceMethod].");
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var (invoke, target) = Find<Unary<TRequest, TResponse>>(method);
        Map(method, target, streaming: false, async (service, call) =>
        {
            var request = await call.ReadSingleAsync(method.RequestMarshaller.ContextualDeserializer);
            await call.WriteSingleAsync(await invoke(service, request, call), method.ResponseMarshaller.ContextualSerializer);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var (invoke, target) = Find<ClientStreaming<TRequest, TResponse>>(method);
        Map(method, target, streaming: true, async (service, call) =>
        {
            var requests = new ServerStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
            await call.WriteSingleAsync(await invoke(service, requests, call), method.ResponseMarshaller.ContextualSerializer);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var (invoke, target) = Find<ServerStreaming<TRequest, TResponse>>(method);
        Map(method, target, streaming: false, async (service, call) =>
        {
            var request = await call.ReadSingleAsync(method.RequestMarshaller.ContextualDeserializer);
            var responses = new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
            await invoke(service, request, responses, call);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var (invoke, target) = Find<Duplex<TRequest, TResponse>>(method);
        Map(method, target, streaming: true, (service, call) =>
        {
            var requests = new ServerStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
            var responses = new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
            return invoke(service, requests, responses, call);
        });
    }

    private (TDelegate Invoke, MethodInfo Target) Find<TDelegate>(IMethod method)
        where TDelegate : Delegate
    {
        const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var parameters = typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Skip(1).Select(p => p.ParameterType).ToArray();
        // Virtual and declared where the binding is, as the original asks: a method that only has the name is another method.
        var declared = baseType.GetMethod(method.Name, Instance, parameters) is { IsVirtual: true } found ? found.GetBaseDefinition() : null;
        if (declared?.DeclaringType != baseType)
        {
            throw new InvalidOperationException($"{baseType} has no virtual method {method.Name} that fits {method.FullName}.");
        }
        var target = typeof(TService).GetMethod(method.Name, Instance, parameters);
        target = target?.GetBaseDefinition() == declared ? target : declared;
        return (declared.CreateDelegate<TDelegate>(), target);
    }

    private void Map(IMethod method, MethodInfo target, bool streaming, Func<TService, ServerCall, Task> serve)
    {
        mapped.Add(method.ServiceName);
        var endpoint = routes.MapMethods(
            method.FullName, [HttpMethods.Post], http => ServerCall.ServeAsync(http, options, logger, streaming, async call =>
            {
                var registered = http.RequestServices.GetService<TService>();
                var service = registered ?? Create(http.RequestServices, []);
                try
                {
                    await serve(service, call);
                }
                finally
                {
                    if (registered is null)
                    {
                        await DisposeAsync(service);
                    }
                }
            }));
        object[] metadata = [.. typeof(TService).GetCustomAttributes(inherit: true), .. target.GetCustomAttributes(inherit: true)];
        Endpoints.Add(endpoint.WithMetadata(metadata).WithDisplayName($"gRPC - {method.FullName}"));
    }

    private static async ValueTask DisposeAsync(TService service)
    {
        if (service is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync();
        }
        else
        {
            (service as IDisposable)?.Dispose();
        }
    }
}
