using System.Net;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Mesh.Proxy.Tests.Support;
using Mesh.Registry.V1;
using Mesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using RegistryBase = Mesh.Registry.V1.Registry.RegistryBase;
using RegistryClient = Mesh.Registry.V1.Registry.RegistryClient;
using Status = Mesh.Registry.V1.Status;

namespace Mesh.Proxy.Tests.Forwarding;

public class ForwardingTests
{
    [Fact]
    public async Task The_first_request_for_a_host_fetches_its_configuration_and_is_forwarded()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);

        Assert.Equal("hello", await proxy.Text("greeter"));
    }

    [Theory]
    [InlineData("greeter:8080")]
    [InlineData("GREETER")]
    [InlineData("greeter.default.mesh")]
    [InlineData("greeter.default.svc.cluster.local:80")]
    public async Task All_names_of_a_service_lead_to_it(string host)
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);

        Assert.Equal("hello", await proxy.Text(host));
    }

    [Fact]
    public async Task Method_path_query_headers_and_body_arrive_as_they_were_sent()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            context.Response.StatusCode = 201;
            context.Response.Headers["x-answer"] = "42";
            await context.Response.WriteAsync(
                $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Host} {context.Request.Headers["x-question"]} {body}");
        });
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);

        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/a%20b/c?d=e%2Ff", UriKind.Relative)) { Content = new StringContent("payload") };
        request.Headers.Add("x-question", "what");
        using var response = await proxy.Send(request, "greeter:8080");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("42", response.Headers.GetValues("x-answer").Single());
        Assert.Equal("PUT /a%20b/c?d=e%2Ff greeter:8080 what payload", (await response.Content.ReadAsStringAsync()).Replace("/a b/", "/a%20b/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_caller_may_speak_HTTP_2_without_TLS_on_the_same_port()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start("hello");
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);

        using var request = new HttpRequestMessage { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await proxy.Send(request, "greeter");

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Unary_grpc_calls_pass_with_their_status()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await GrpcBackend();
        plane.Set("registry", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        using var channel = proxy.Channel("registry");
        var client = new RegistryClient(channel);

        var answer = await client.HeartbeatAsync(new HeartbeatRequest { EndpointId = "good" });
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await client.HeartbeatAsync(new HeartbeatRequest { EndpointId = "missing" }));

        Assert.Equal(Status.Healthy, answer.Status);
        Assert.Equal(StatusCode.NotFound, refusal.StatusCode);
        Assert.Equal("no such endpoint", refusal.Status.Detail);
    }

    [Fact]
    public async Task Grpc_streams_pass_both_ways_message_by_message()
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await GrpcBackend();
        plane.Set("echo", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        using var channel = proxy.Channel("echo");
        using var call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources();

        for (var i = 0; i < 5; i++)
        {
            await Eventually.Done(call.RequestStream.WriteAsync(new DiscoveryRequest { TypeUrl = $"message {i}" }));
            Assert.True(await Eventually.Done(call.ResponseStream.MoveNext()));
            Assert.Equal($"message {i}", call.ResponseStream.Current.TypeUrl);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await Eventually.Done(call.ResponseStream.MoveNext()));
    }

    [Fact]
    public async Task An_unknown_host_is_answered_with_a_problem_that_says_so()
    {
        await using var plane = await ControlPlane.Start();
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get("nobody");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("NR", response.Headers.GetValues("x-mesh-response-flags").Single());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Contains("no service called 'nobody'", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_host_is_a_status_to_a_grpc_caller()
    {
        await using var plane = await ControlPlane.Start();
        await using var proxy = await RunningProxy.Start(plane);
        using var channel = proxy.Channel("nobody");
        var client = new RegistryClient(channel);

        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await client.HeartbeatAsync(new HeartbeatRequest()));

        Assert.Equal(StatusCode.Unimplemented, refusal.StatusCode);
        Assert.Contains("no service called 'nobody'", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_without_endpoints_is_told_from_one_that_is_unknown()
    {
        await using var plane = await ControlPlane.Start();
        plane.Set("empty");
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get("empty");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("UH", response.Headers.GetValues("x-mesh-response-flags").Single());
    }

    [Theory]
    [InlineData("no_underscores")]
    [InlineData("-dash")]
    [InlineData("[::1]")]
    public async Task A_host_that_cannot_be_a_service_is_refused_at_once(string host)
    {
        await using var plane = await ControlPlane.Start();
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get(host);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain(plane.Requests, r => r.ResourceNames.Any(name => name.Contains(host, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_endpoint_that_refuses_connections_is_a_clear_503()
    {
        await using var plane = await ControlPlane.Start();
        var gone = await Backend.Start("gone");
        await gone.DisposeAsync();
        plane.Set("greeter", ControlPlane.Endpoint(gone.Port));
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get("greeter");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("UF", response.Headers.GetValues("x-mesh-response-flags").Single());
    }

    private static Task<Backend> GrpcBackend() => Backend.Start(
        Backend.Status(404),
        HttpProtocols.Http2,
        builder => builder.Services.AddGrpc(),
        app =>
        {
            app.MapGrpcService<ToyRegistry>();
            app.MapGrpcService<Echo>();
        });

    private sealed class ToyRegistry : RegistryBase
    {
        public override Task<HeartbeatResponse> Heartbeat(HeartbeatRequest request, ServerCallContext context) => request.EndpointId == "good"
            ? Task.FromResult(new HeartbeatResponse { Status = Status.Healthy })
            : throw new RpcException(new Grpc.Core.Status(StatusCode.NotFound, "no such endpoint"));
    }

    private sealed class Echo : AggregatedDiscoveryService.AggregatedDiscoveryServiceBase
    {
        public override async Task StreamAggregatedResources(
            IAsyncStreamReader<DiscoveryRequest> requestStream, IServerStreamWriter<DiscoveryResponse> responseStream, ServerCallContext context)
        {
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                await responseStream.WriteAsync(new DiscoveryResponse { TypeUrl = requestStream.Current.TypeUrl });
            }
        }
    }
}
