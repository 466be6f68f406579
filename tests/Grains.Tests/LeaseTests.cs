using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

public class LeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_lease_that_is_not_renewed_takes_the_endpoint_out_and_later_removes_it_from_everywhere()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", lease: Lease);
        await mesh.Register("b");

        mesh.Time.Advance(Lease);
        await mesh.Becomes("a", HealthStatus.Expired);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("b"));

        mesh.Time.Advance(EndpointMachine.Grace(Lease));
        await mesh.Becomes("a", null);
        Assert.Null(await mesh.Endpoint("a").Get());
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("b"));
    }

    [Fact]
    public async Task The_last_endpoint_that_is_removed_takes_its_service_along()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", lease: Lease);

        mesh.Time.Advance(Lease);
        await mesh.Becomes("a", HealthStatus.Expired);
        mesh.Time.Advance(EndpointMachine.Grace(Lease));

        await Eventually.True(async () => !await mesh.IsListed(TestMesh.Cart), "the service is struck from the catalog");
        Assert.Null(await mesh.Service().GetSnapshot());
    }

    [Fact]
    public async Task A_renewal_in_time_keeps_the_endpoint_and_writes_nothing()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", "i1", Lease);
        var writes = mesh.Storage.Writes("endpoint");

        for (var i = 0; i < 5; i++)
        {
            mesh.Time.Advance(Lease - TimeSpan.FromSeconds(1));
            var renewed = await mesh.Endpoint("a").Renew("i1");
            Assert.Equal(mesh.Time.GetUtcNow() + Lease, renewed.Value!.LeaseExpires);
        }

        Assert.Equal(HealthStatus.Healthy, (await mesh.Endpoint("a").Get())!.Endpoint.Status);
        Assert.Equal(writes, mesh.Storage.Writes("endpoint"));
    }

    [Fact]
    public async Task A_renewal_after_the_expiry_brings_the_endpoint_back()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", "i1", Lease);
        mesh.Time.Advance(Lease);
        await mesh.Becomes("a", HealthStatus.Expired);

        Assert.True((await mesh.Endpoint("a").Renew("i1")).Ok);

        await mesh.Becomes("a", HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_renewal_by_another_instance_or_of_nothing_is_refused()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", "i1", Lease);

        Assert.Equal(ProblemKind.Conflict, (await mesh.Endpoint("a").Renew("i2")).Problems[0].Kind);
        Assert.Equal(ProblemKind.NotFound, (await mesh.Endpoint("b").Renew("i1")).Problems[0].Kind);
        Assert.True((await mesh.Endpoint("a").Renew(null)).Ok);
    }

    [Fact]
    public async Task After_a_restart_a_lease_begins_anew()
    {
        var first = await TestMesh.Start();
        await first.Register("a", "i1", Lease);
        first.Time.Advance(Lease - TimeSpan.FromSeconds(1));
        await using var mesh = await first.Restart();

        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
        mesh.Time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(HealthStatus.Healthy, (await mesh.Endpoint("a").Get())!.Endpoint.Status);
        mesh.Time.Advance(TimeSpan.FromSeconds(1));
        await mesh.Becomes("a", HealthStatus.Expired);
    }

    [Fact]
    public async Task A_crowd_of_leases_that_run_out_at_once_is_worked_off()
    {
        await using var mesh = await TestMesh.Start();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => mesh.Register($"e{i}", lease: Lease)));

        mesh.Time.Advance(Lease);

        await Eventually.True(
            async () => (await mesh.Snapshot()).Endpoints.All(endpoint => endpoint.Status == HealthStatus.Expired), "all have expired");
    }
}
