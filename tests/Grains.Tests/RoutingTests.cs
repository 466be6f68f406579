using System.Text.Json;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Grains.Policies;
using Mesh.Grains.Services;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

public class RoutingTests
{
    private static readonly ServiceId Canary = new("shop", "canary");
    private static readonly ServiceId Pay = new("shop", "pay");

    [Fact]
    public async Task A_split_is_in_force_and_listed_when_its_put_is_answered()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        var before = (await mesh.Snapshot()).Version;

        var put = await Put(mesh, "split", "cart", 10);

        Assert.Equal((1L, TestMesh.Cart, true), (put.Value!.Version, put.Value.BoundTo, put.Value.Changed));
        var snapshot = await mesh.Snapshot();
        Assert.Equal(
            new ServiceRouting { Destinations = [new(TestMesh.Cart, 90), new(Canary, 10)], Source = "VirtualService/shop/split@1" }, snapshot.Routing);
        Assert.True(snapshot.Version > before);
        Assert.Equal((TrafficPolicy.Default, 1), (snapshot.Policy, snapshot.Endpoints.Length));
        Assert.Contains(Key("split"), (await mesh.Catalog(Key("split").ToString()).List()).Policies);
        Assert.Equal(put.Value with { Changed = false, Created = false }, await Document(mesh, "split").Get());
    }

    [Fact]
    public async Task A_host_takes_one_document_of_each_kind_and_neither_touches_the_other()
    {
        await using var mesh = await TestMesh.Start();
        await PolicyTests.Put(mesh, "one", "cart", 50);
        await Put(mesh, "one", "cart", 10);

        Assert.Equal(("DestinationRule/shop/one@1", "VirtualService/shop/one@1"), await InForce(mesh));

        await Put(mesh, "one", "cart", 20);
        Assert.Equal(("DestinationRule/shop/one@1", "VirtualService/shop/one@2"), await InForce(mesh));
        await PolicyTests.Put(mesh, "one", "cart", 60);
        Assert.Equal(("DestinationRule/shop/one@2", "VirtualService/shop/one@2"), await InForce(mesh));

        Assert.True((await PolicyTests.Policy(mesh, "one").Delete(null)).Ok);
        Assert.Equal((null, "VirtualService/shop/one@2"), await InForce(mesh));
        Assert.True(await mesh.IsListed(TestMesh.Cart));

        Assert.True((await Document(mesh, "one").Delete(null)).Ok);
        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.False(await mesh.IsListed(TestMesh.Cart));
    }

    [Fact]
    public async Task A_deleted_split_leaves_the_plain_route()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        await PolicyTests.Put(mesh, "one", "cart", 50);
        await Put(mesh, "split", "cart", 10);

        Assert.True((await Document(mesh, "split").Delete(null)).Ok);

        Assert.Equal(("DestinationRule/shop/one@1", null), await InForce(mesh));
        Assert.Equal(ProblemKind.NotFound, (await Document(mesh, "split").Delete(null)).Problems[0].Kind);
    }

    [Fact]
    public async Task A_second_split_for_a_host_is_refused_and_the_first_stays_in_force()
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "split", "cart", 10);

        foreach (var dryRun in new[] { true, false })
        {
            var second = await Put(mesh, "other", "cart", 20, dryRun);
            Assert.Equal((ProblemKind.Conflict, "spec.hosts"), (second.Problems[0].Kind, second.Problems[0].Field));
            Assert.Equal("VirtualService/shop/split already binds to this service.", second.Problems[0].Detail);
        }

        Assert.True((await PolicyTests.Put(mesh, "other", "cart", 50, dryRun: true)).Ok);
        Assert.Equal((null, "VirtualService/shop/split@1"), await InForce(mesh));
        Assert.Null(await Document(mesh, "other").Get());
    }

    [Fact]
    public async Task A_split_that_says_the_same_again_makes_no_version_and_its_next_host_takes_it_along()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        await Put(mesh, "split", "cart", 10);
        var version = (await mesh.Snapshot()).Version;
        Assert.False((await Put(mesh, "split", "cart", 10)).Value!.Changed);
        Assert.Equal(version, (await mesh.Snapshot()).Version);

        Assert.Equal(Pay, (await Put(mesh, "split", "pay", 10)).Value!.BoundTo);

        Assert.Null((await mesh.Snapshot()).Routing);
        Assert.Equal("VirtualService/shop/split@2", (await mesh.Service(Pay).GetSnapshot())!.Routing!.Source);
    }

    [Fact]
    public async Task Both_documents_are_in_force_after_a_restart()
    {
        var first = await TestMesh.Start();
        await PolicyTests.Put(first, "one", "cart", 50);
        await Put(first, "split", "cart", 10);
        var before = await first.Snapshot();

        await using var mesh = await first.Restart();

        var after = await mesh.Snapshot();
        Assert.Equal((before.Policy, before.Routing), (after.Policy, after.Routing));
        Assert.True(after.Version > before.Version);
        Assert.Equal(1, (await Document(mesh, "split").Get())!.Version);
    }

    [Fact]
    public async Task A_service_with_a_split_that_was_never_stored_is_freed_when_it_wakes()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        var lost = new ServiceRouting { Destinations = [new(Canary, 1)], Source = "lost" };
        Assert.True((await first.Service().BindRouting(Key("lost"), 1, lost)).Ok);

        await using var mesh = await first.Restart();

        await Eventually.True(async () => (await mesh.Snapshot()).Routing is null, "the service is free");
        Assert.True((await Put(mesh, "split", "cart", 10)).Ok);
    }

    [Fact]
    public async Task A_stored_split_puts_itself_in_force_again_when_it_wakes()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        await Put(first, "split", "cart", 10);
        await first.Service().UnbindPolicy(Key("split"));
        Assert.Null((await first.Snapshot()).Routing);

        await using var mesh = await first.Restart();
        Assert.NotNull(await Document(mesh, "split").Get());

        Assert.Equal("VirtualService/shop/split@1", (await mesh.Snapshot()).Routing!.Source);
    }

    [Theory]
    [InlineData(Fault.BeforeWriting)]
    [InlineData(Fault.AfterWriting)]
    public async Task When_a_split_cannot_be_stored_what_is_in_force_is_what_is_on_disk(Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "split", "cart", 10);
        mesh.Storage.FailNext("policy", fault);

        await Assert.ThrowsAnyAsync<Exception>(() => Put(mesh, "split", "cart", 20));

        var stored = await Document(mesh, "split").Get();
        Assert.Equal(fault == Fault.BeforeWriting ? 1 : 2, stored!.Version);
        Assert.Equal($"VirtualService/shop/split@{stored.Version}", (await mesh.Snapshot()).Routing!.Source);
    }

    [Fact]
    public void Rows_that_were_written_before_there_were_splits_are_read_and_written_as_they_were()
    {
        const string service = """{"Epoch":3,"Endpoints":["a"],"Policy":{"Key":{"Kind":"DestinationRule","Namespace":"shop","Name":"one"},"Version":2,"Policy":{}}}""";
        var row = JsonSerializer.Deserialize<ServiceRow>(service)!;
        Assert.Equal((2L, null, true), (row.Policy!.Version, row.Routing, row.Exists));
        Assert.DoesNotContain("Routing", JsonSerializer.Serialize(row), StringComparison.Ordinal);

        var policy = JsonSerializer.Deserialize<PolicyRow>("""{"Compiled":{"ConnectionPool":{"MaxConnections":7}},"LastVersion":4}""")!;
        Assert.Equal((7, null, 4L), (policy.Compiled!.ConnectionPool.MaxConnections, policy.Routing, policy.LastVersion));
        Assert.DoesNotContain("Routing", JsonSerializer.Serialize(policy), StringComparison.Ordinal);
    }

    private static PolicyKey Key(string name) => new("VirtualService", "shop", name);

    private static IPolicyGrain Document(TestMesh mesh, string name) => mesh.Grains.GetGrain<IPolicyGrain>(Key(name).ToString());

    private static async Task<(string? Policy, string? Routing)> InForce(TestMesh mesh)
    {
        var snapshot = await mesh.Snapshot();
        return (snapshot.Policy.Source, snapshot.Routing?.Source);
    }

    private static Task<Outcome<PolicyDocument>> Put(TestMesh mesh, string name, string host, int percent, bool dryRun = false) =>
        Document(mesh, name).Put($$"""
            {
              "apiVersion": "networking.istio.io/v1",
              "kind": "VirtualService",
              "metadata": { "name": "{{name}}", "namespace": "shop" },
              "spec": { "hosts": ["{{host}}"], "http": [{ "route": [
                { "destination": { "host": "cart" }, "weight": {{100 - percent}} },
                { "destination": { "host": "canary" }, "weight": {{percent}} } ] }] }
            }
            """, null, dryRun);
}
