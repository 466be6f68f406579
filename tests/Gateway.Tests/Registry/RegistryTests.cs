using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Gateway.Tests.Rest;
using Mesh.Gateway.Tests.Streams;
using Mesh.Registry.V1;
using Status = Mesh.Registry.V1.Status;

namespace Mesh.Gateway.Tests.Registry;

public sealed class RegistryTests(RestServer server) : IClassFixture<RestServer>, IDisposable
{
    private static int _services;

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(server.Grpc);
    private readonly string _service = $"reg-{Interlocked.Increment(ref _services)}";

    private Mesh.Registry.V1.Registry.RegistryClient Client => field ??= new(_channel);

    [Fact]
    public async Task An_endpoint_registers_goes_on_saying_that_it_is_there_and_leaves()
    {
        var registered = await Client.RegisterAsync(Registration("a"), deadline: Deadline());
        Assert.Equal(Status.Healthy, registered.Endpoint.Status);
        Assert.NotNull(registered.LeaseExpires);
        var renewed = await Client.HeartbeatAsync(new() { Service = _service, EndpointId = "a", InstanceId = "i1" }, deadline: Deadline());
        Assert.True(renewed.LeaseExpires >= registered.LeaseExpires);
        Assert.Equal("eu", (string)(await server.Get($"/v1/services/default/{_service}/endpoints/a")).Json["locality"]!["region"]!);
        await Client.DeregisterAsync(new() { Service = _service, EndpointId = "a", InstanceId = "i1" }, deadline: Deadline());
        await Refused(StatusCode.NotFound, Client.DeregisterAsync(new() { Service = _service, EndpointId = "a" }, deadline: Deadline()).ResponseAsync);
    }

    [Fact]
    public async Task Another_instance_is_told_that_the_id_is_taken()
    {
        await Client.RegisterAsync(Registration("a"), deadline: Deadline());
        await Refused(StatusCode.Aborted, Client.HeartbeatAsync(new() { Service = _service, EndpointId = "a", InstanceId = "i2" }, deadline: Deadline()).ResponseAsync);
        await Refused(StatusCode.NotFound, Client.HeartbeatAsync(new() { Service = _service, EndpointId = "b" }, deadline: Deadline()).ResponseAsync);
    }

    [Fact]
    public async Task What_is_wrong_is_said_field_by_field()
    {
        var request = Registration("a b");
        request.Endpoint.Address = "db.internal";
        request.Endpoint.Port = 70000;
        request.Endpoint.Weight = uint.MaxValue;
        request.Lease = new Duration { Seconds = long.MaxValue, Nanos = -5 };
        var status = await Refused(StatusCode.InvalidArgument, Client.RegisterAsync(request, deadline: Deadline()).ResponseAsync);
        Assert.All(
            (string[])["endpoint.id", "endpoint.address", "endpoint.port", "endpoint.weight", "lease"],
            field => Assert.Contains(field, status.Detail, StringComparison.Ordinal));
        var everywhere = Registration("a");
        everywhere.Endpoint.Address = "0.0.0.0";
        Assert.Contains(
            "endpoint.address '0.0.0.0'",
            (await Refused(StatusCode.InvalidArgument, Client.RegisterAsync(everywhere, deadline: Deadline()).ResponseAsync)).Detail,
            StringComparison.Ordinal);
        await Refused(StatusCode.InvalidArgument, Client.RegisterAsync(new RegisterRequest { Service = "Not A Name" }, deadline: Deadline()).ResponseAsync);
        await Refused(StatusCode.InvalidArgument, Client.RegisterAsync(new RegisterRequest { Service = _service }, deadline: Deadline()).ResponseAsync);
    }

    [Fact]
    public async Task A_watcher_gets_what_there_is_and_each_newest_after_it()
    {
        using var watch = Client.Watch(new WatchRequest { Service = _service }, deadline: Deadline());
        var stream = watch.ResponseStream;
        Assert.True(await stream.MoveNext(default));
        Assert.Equal(("", 0), (stream.Current.Version, stream.Current.Endpoints.Count));
        for (var i = 0; i < 20; i++)
        {
            await Client.RegisterAsync(Registration($"e{i}"), deadline: Deadline());
        }

        var received = 0;
        var before = -1;
        while (stream.Current.Endpoints.Count < 20)
        {
            Assert.True(await stream.MoveNext(default));
            Assert.True(stream.Current.Endpoints.Count >= before);
            before = stream.Current.Endpoints.Count;
            received++;
        }

        Assert.InRange(received, 1, 20);
        await server.Post($"/v1/services/default/{_service}/endpoints/e3/eject");
        Assert.True(await stream.MoveNext(default));
        Assert.Equal(Status.Ejected, stream.Current.Endpoints.Single(e => e.Id == "e3").Status);
    }

    [Fact]
    public async Task A_watcher_hears_nothing_before_all_that_exists_is_known()
    {
        await using var host = await StreamHost.Start();
        host.View.Ready = false;
        host.View.Looks = 0;
        using var watch = new Mesh.Registry.V1.Registry.RegistryClient(host.Channel).Watch(new WatchRequest { Service = "greeter" }, deadline: Deadline());
        var first = watch.ResponseStream.MoveNext(default);
        await Eventually.True(() => host.View.Looks > 0);
        host.View.Set("default/greeter", TableView.Endpoint("a", "127.0.0.1", 1001));
        host.View.Ready = true;

        Assert.True(await first);
        Assert.Equal("a", Assert.Single(watch.ResponseStream.Current.Endpoints).Id);
    }

    public void Dispose() => _channel.Dispose();

    private static DateTime Deadline() => DateTime.UtcNow + Eventually.Limit;

    private static async Task<Grpc.Core.Status> Refused<T>(StatusCode code, Task<T> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.True(refused.StatusCode == code, refused.Status.ToString());
        return refused.Status;
    }

    private RegisterRequest Registration(string id) => new()
    {
        Service = _service,
        Endpoint = new Endpoint { Id = id, Address = "10.0.0.1", Port = 80, Region = "eu" },
        InstanceId = "i1",
        Lease = Duration.FromTimeSpan(TimeSpan.FromSeconds(30)),
    };
}
