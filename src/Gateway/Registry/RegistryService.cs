using System.Collections.Immutable;
using Grpc.Core;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Operations;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Calls;
using Mesh.Gateway.Drain;
using Mesh.Gateway.View;
using Mesh.Registry.V1;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mesh.Gateway.Registry;

/// <summary>The registry over gRPC: the same calls as REST's, for workloads that speak it anyway.</summary>
internal sealed class RegistryService(
    IGrainFactory grains, GrainCalls calls, IMeshView view, WatchHub watches, TimeProvider time, DrainGate gate, ILogger<RegistryService> logger)
    : Mesh.Registry.V1.Registry.RegistryBase
{
    /// <summary>The metadata with which a caller names its command, as REST's Idempotency-Key.</summary>
    private const string OperationMetadata = "mesh-operation-id";

    public override Task<RegisterResponse> Register(RegisterRequest request, ServerCallContext context) => Answer(async () =>
    {
        var service = Service(request.Namespace, request.Service);
        var registration = Accepted(RegistryMessages.Registration(request));
        var (operation, _) = Operation(context);
        var registered = Accepted(await calls.Call(() => Grain(service).Register(registration, operation), context.CancellationToken));
        await view.Refresh(service, context.CancellationToken);
        return new RegisterResponse
        {
            Endpoint = RegistryMessages.Endpoint(registered.Endpoint),
            LeaseExpires = RegistryMessages.Time(registered.LeaseExpires),
        };
    });

    public override Task<HeartbeatResponse> Heartbeat(HeartbeatRequest request, ServerCallContext context) => Answer(async () =>
    {
        var service = Known(request.Namespace, request.Service, request.EndpointId);
        var endpoint = grains.GetGrain<IEndpointGrain>($"{service}/{request.EndpointId}");
        var renewed = Accepted(await calls.Call(() => endpoint.Renew(RegistryMessages.Nothing(request.InstanceId)), context.CancellationToken));
        return new HeartbeatResponse
        {
            LeaseExpires = RegistryMessages.Time(renewed.LeaseExpires),
            Status = RegistryMessages.Status(renewed.Endpoint.Status),
        };
    });

    public override Task<DeregisterResponse> Deregister(DeregisterRequest request, ServerCallContext context) => Answer(async () =>
    {
        var (operation, given) = Operation(context);
        var service = Known(request.Namespace, request.Service, request.EndpointId, repeats: given);
        Accepted(await calls.Call(
            () => Grain(service).Deregister(request.EndpointId, RegistryMessages.Nothing(request.InstanceId), operation), context.CancellationToken));
        await view.Refresh(service, context.CancellationToken);
        return new DeregisterResponse();
    });

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        var service = Service(request.Namespace, request.Service);
        using var watch = watches.Begin(service) ?? throw new RpcException(new Grpc.Core.Status(
            StatusCode.ResourceExhausted, $"There are {WatchHub.MostWatches} watches already. Come back later."));
        using var seat = gate.Enter(StreamKind.Watch, context.GetHttpContext()) ?? throw Leaving();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, seat.Gone);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(gone.Token, seat.Leaving);
        SnapshotVersion? sent = null;
        var first = true;
        try
        {
            // After a restart a service that is not read yet must not look like one that has lost all its endpoints.
            if (!await view.UntilReady(time, waiting.Token))
            {
                throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, MeshViews.OutOfTouch));
            }

            while (true)
            {
                var snapshot = view.Find(service);
                if (first || sent != snapshot?.Version)
                {
                    await responseStream.WriteAsync(RegistryMessages.Watch(snapshot), gone.Token);
                    (sent, first) = (snapshot?.Version, false);
                }

                await watch.Changed(waiting.Token);
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw Leaving();
        }
        catch (OperationCanceledException)
        {
            // The watcher has gone.
        }
    }

    private static RpcException Leaving() =>
        new(new Grpc.Core.Status(StatusCode.Unavailable, "draining: this gateway is leaving. Watch again, at another one."));

    private IServiceGrain Grain(ServiceId service) => grains.GetGrain<IServiceGrain>(service.ToString());

    private static (string Operation, bool Given) Operation(ServerCallContext context)
    {
        var given = context.RequestHeaders.FirstOrDefault(static entry => entry is { Key: OperationMetadata, IsBinary: false })?.Value;
        return Command.Check(given, OperationMetadata) is { } problem ? throw Refused([problem]) : (given ?? OperationIds.New(), given is not null);
    }

    /// <summary>A name nobody has registered wakes no grain; unless it may be a repeat of what made the service go away, which only its grain remembers.</summary>
    private ServiceId Known(string ns, string name, string endpointId, bool repeats = false)
    {
        var service = Service(ns, name);
        if (!Names.IsEndpointId(endpointId))
        {
            throw Refused([new(ProblemKind.Invalid, "endpoint_id", endpointId, "This cannot be an endpoint's id.", "Use 1 to 128 letters, digits and - _ . :")]);
        }

        return repeats || !view.Ready || view.Find(service) is not null ? service : throw Refused(
            [new(ProblemKind.NotFound, "service", service.ToString(), $"There is no service {service}.", "Register first.")]);
    }

    private static ServiceId Service(string ns, string name)
    {
        var service = new ServiceId(ns.Length == 0 ? ServiceId.DefaultNamespace : ns, name);
        return !Names.IsLabel(service.Namespace)
            ? throw Refused([new(ProblemKind.Invalid, "namespace", ns, "This cannot be a namespace's name.", "Use 1 to 63 of a-z, 0-9 and '-'.")])
            : !Names.IsSubdomain(name)
                ? throw Refused([new(ProblemKind.Invalid, "service", name, "This cannot be a service's name.", "Use at most 253 of a-z, 0-9, '-' and '.'.")])
                : service;
    }

    private static T Accepted<T>(Outcome<T> outcome) => outcome.Ok ? outcome.Value : throw Refused(outcome.Problems);

    private static RpcException Refused(ImmutableArray<Problem> problems)
    {
        var code = problems[0].Kind switch
        {
            ProblemKind.NotFound => StatusCode.NotFound,
            ProblemKind.Conflict => StatusCode.Aborted,
            ProblemKind.PreconditionFailed => StatusCode.FailedPrecondition,
            ProblemKind.LimitExceeded => StatusCode.ResourceExhausted,
            _ => StatusCode.InvalidArgument,
        };
        return new(new Grpc.Core.Status(code, string.Join(' ', problems.Take(10).Select(Text))));
    }

    private static string Text(Problem problem)
    {
        var value = problem.Value is { Length: > 0 } text ? $" '{(text.Length > 200 ? text[..200] : text)}'" : "";
        return $"{problem.Field}{value}: {problem.Detail} {problem.Remedy}";
    }

    private async Task<T> Answer<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception failure) when (StoreAwayException.IsBehind(failure))
        {
            throw new RpcException(new Grpc.Core.Status(
                StatusCode.Unavailable, "The store that makes changes durable is away. What runs goes on; send the call again later: it may be repeated, under the same mesh-operation-id."));
        }
        catch (Exception failure) when (failure is not (RpcException or OperationCanceledException) && GrainFailures.Of(failure) != GrainFailure.Mistake)
        {
            logger.LogWarning(failure, "A registry call got no answer from the grains");
            throw new RpcException(new Grpc.Core.Status(
                StatusCode.Unavailable, "The part of the control plane that owns this did not answer in time. Send the call again: it may be repeated, under the same mesh-operation-id."));
        }
        catch (Exception failure) when (failure is not (RpcException or OperationCanceledException))
        {
            logger.LogError(failure, "A registry call failed");
            throw new RpcException(new Grpc.Core.Status(StatusCode.Internal, "The control plane made a mistake; its log says which."));
        }
    }
}
