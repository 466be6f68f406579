using Grpc.Core;
using Mesh.Rpc.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace Mesh.Rpc.Tests;

/// <summary>How a service written by hand is found: its base lists methods, and they are virtual there.</summary>
public sealed class BindingTests
{
    private static readonly Method<string, string> Shout = new(
        MethodType.Unary, "mesh.rpc.test.Hand", "Shout", Marshallers.StringMarshaller, Marshallers.StringMarshaller);

    [Fact]
    public async Task The_override_that_is_farthest_down_is_called()
    {
        await using var server = await TestServer.StartAsync(map: app => app.MapGrpcService<Louder>());
        using var call = server.Channel().CreateCallInvoker()
            .AsyncUnaryCall(Shout, null, new CallOptions(cancellationToken: Patience.Token), "hey");
        Assert.Equal("hey!!", await call);
    }

    [Fact]
    public async Task A_method_that_is_not_virtual_is_refused_when_mapped()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestServer.StartAsync(map: app => app.MapGrpcService<Plain>()));
        Assert.Contains("Shout", error.ToString(), StringComparison.Ordinal);
    }

    [BindServiceMethod(typeof(HandBase), nameof(Bind))]
    public abstract class HandBase
    {
        public static void Bind(ServiceBinderBase binder, HandBase? service) =>
            binder.AddMethod(BindingTests.Shout, service is null ? null : new UnaryServerMethod<string, string>(service.Shout));

        public virtual Task<string> Shout(string request, ServerCallContext context) => Task.FromResult(request);
    }

    public class Loud : HandBase
    {
        public override Task<string> Shout(string request, ServerCallContext context) => Task.FromResult(request + "!");
    }

    public sealed class Louder : Loud
    {
        public override async Task<string> Shout(string request, ServerCallContext context) => await base.Shout(request, context) + "!";
    }

    [BindServiceMethod(typeof(Plain), nameof(Bind))]
    public sealed class Plain
    {
        public static void Bind(ServiceBinderBase binder, Plain? service) =>
            binder.AddMethod(BindingTests.Shout, service is null ? null : new UnaryServerMethod<string, string>(service.Shout));

        public Task<string> Shout(string request, ServerCallContext context) => Task.FromResult(request);
    }
}
