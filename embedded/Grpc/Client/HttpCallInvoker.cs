using Grpc.Core;
using Grpc.Net.Client;

namespace Grpc.Internal;

/// <summary>The four kinds of calls, each a <see cref="ClientCall{TRequest, TResponse}"/> seen from another side.</summary>
internal sealed class HttpCallInvoker(GrpcChannel channel) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        AsyncUnaryCall(method, host, options, request).ResponseAsync.GetAwaiter().GetResult();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Start(method, options, request);
        return new(call.ReadSingleAsync().Observe(), call.ResponseHeaders, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Start(method, options, request);
        return new(call, call.ResponseHeaders, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = Start(method, options, null);
        return new(call.Requests, call.ReadSingleAsync().Observe(), call.ResponseHeaders, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = Start(method, options, null);
        return new(call.Requests, call, call.ResponseHeaders, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <summary>A request is sent alone; without one the caller writes them one by one.</summary>
    private ClientCall<TRequest, TResponse> Start<TRequest, TResponse>(
        Method<TRequest, TResponse> method, CallOptions options, TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        var call = new ClientCall<TRequest, TResponse>(channel, method, options);
        call.Start(request);
        return call;
    }
}

internal static class TaskExtensions
{
    /// <summary>A failure of this task need not be looked at: whoever waits for it sees it, and nobody else has to.</summary>
    public static TTask Observe<TTask>(this TTask task)
        where TTask : Task
    {
        _ = task.ContinueWith(
            static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return task;
    }
}
