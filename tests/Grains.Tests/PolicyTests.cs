using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

public class PolicyTests
{
    private static readonly ServiceId Pay = new("shop", "pay");

    [Fact]
    public async Task A_document_is_in_force_and_listed_when_its_put_is_answered()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");

        var put = await Put(mesh, "one", "cart", 50);

        Assert.Equal((1L, TestMesh.Cart, true), (put.Value!.Version, put.Value.BoundTo, put.Value.Changed));
        var policy = (await mesh.Snapshot()).Policy;
        Assert.Equal(50, policy.OutlierDetection.MaxEjectionPercent);
        Assert.Equal("DestinationRule/shop/one@1", policy.Source);
        Assert.Contains(Key("one"), (await mesh.Catalog(Key("one").ToString()).List()).Policies);
        Assert.Equal(put.Value with { Changed = false, Created = false }, await Policy(mesh, "one").Get());
    }

    [Fact]
    public async Task The_budget_in_force_is_the_documents()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(4);
        Assert.Equal(["e0"], (await mesh.Fails("e0")).Overflowed);

        await Put(mesh, "one", "cart", 50);

        Assert.Equal(["e0"], (await mesh.Fails("e0")).Ejected);
        Assert.Equal(["e1"], (await mesh.Fails("e1")).Ejected);
        Assert.Equal(["e2"], (await mesh.Fails("e2")).Overflowed);
    }

    [Fact]
    public async Task A_policy_alone_makes_a_service_and_its_removal_ends_it()
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "one", "cart", 50);

        Assert.Empty((await mesh.Snapshot()).Endpoints);
        Assert.True(await mesh.IsListed(TestMesh.Cart));

        Assert.True((await Policy(mesh, "one").Delete(null)).Ok);

        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.False(await mesh.IsListed(TestMesh.Cart));
        Assert.Null(await Policy(mesh, "one").Get());
        Assert.Empty((await mesh.Catalog(Key("one").ToString()).List()).Policies);
        Assert.Equal(ProblemKind.NotFound, (await Policy(mesh, "one").Delete(null)).Problems[0].Kind);
    }

    [Fact]
    public async Task The_same_document_again_is_no_change_and_another_is_the_next_version()
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "one", "cart", 50);
        var version = (await mesh.Snapshot()).Version;

        var same = await Put(mesh, "one", "cart", 50);
        Assert.Equal((1L, false), (same.Value!.Version, same.Value.Changed));
        Assert.Equal(version, (await mesh.Snapshot()).Version);

        var other = await Put(mesh, "one", "cart", 60);
        Assert.Equal((2L, true), (other.Value!.Version, other.Value.Changed));
        Assert.Equal("DestinationRule/shop/one@2", (await mesh.Snapshot()).Policy.Source);
    }

    [Fact]
    public async Task A_put_and_a_delete_hold_to_the_version_that_their_caller_has_seen()
    {
        await using var mesh = await TestMesh.Start();

        Assert.Equal(ProblemKind.PreconditionFailed, (await Put(mesh, "one", "cart", 50, ifMatch: 1)).Problems[0].Kind);
        Assert.Equal(1, (await Put(mesh, "one", "cart", 50, ifMatch: 0)).Value!.Version);
        Assert.Equal(ProblemKind.PreconditionFailed, (await Put(mesh, "one", "cart", 60, ifMatch: 0)).Problems[0].Kind);
        Assert.Equal(2, (await Put(mesh, "one", "cart", 60, ifMatch: 1)).Value!.Version);
        Assert.Equal(ProblemKind.PreconditionFailed, (await Policy(mesh, "one").Delete(1)).Problems[0].Kind);
        Assert.True((await Policy(mesh, "one").Delete(2)).Ok);
        // An old ETag must not fit what comes later under the same name.
        Assert.Equal(3, (await Put(mesh, "one", "cart", 50, ifMatch: 0)).Value!.Version);
    }

    [Fact]
    public async Task A_second_document_for_a_service_is_refused_and_the_first_stays_in_force()
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "one", "cart", 50);

        var second = await Put(mesh, "two", "cart", 60);

        Assert.Equal((ProblemKind.Conflict, "spec.host"), (second.Problems[0].Kind, second.Problems[0].Field));
        Assert.Contains("DestinationRule/shop/one", second.Problems[0].Detail, StringComparison.Ordinal);
        Assert.Equal("DestinationRule/shop/one@1", (await mesh.Snapshot()).Policy.Source);
        Assert.Null(await Policy(mesh, "two").Get());
        Assert.DoesNotContain(Key("two"), (await mesh.Catalog(Key("two").ToString()).List()).Policies);
    }

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_changes_nothing()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        var version = (await mesh.Snapshot()).Version;

        var would = await Put(mesh, "one", "cart", 50, dryRun: true);
        Assert.Equal((1L, true), (would.Value!.Version, would.Value.Changed));
        Assert.Equal(version, (await mesh.Snapshot()).Version);
        Assert.Null(await Policy(mesh, "one").Get());
        Assert.Equal(0, mesh.Storage.Writes("policy"));

        await Put(mesh, "one", "cart", 50);
        Assert.Equal(ProblemKind.Conflict, (await Put(mesh, "two", "cart", 50, dryRun: true)).Problems[0].Kind);
        Assert.Equal(ProblemKind.PreconditionFailed, (await Put(mesh, "one", "cart", 60, ifMatch: 7, dryRun: true)).Problems[0].Kind);
        Assert.False((await Policy(mesh, "one").Put("{", null, dryRun: true)).Ok);
    }

    [Fact]
    public async Task A_document_that_names_another_host_lets_the_old_one_go()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        await Put(mesh, "one", "cart", 50);

        var moved = await Put(mesh, "one", "pay", 50);

        Assert.Equal(Pay, moved.Value!.BoundTo);
        Assert.Null((await mesh.Snapshot()).Policy.Source);
        Assert.Equal("DestinationRule/shop/one@2", (await mesh.Service(Pay).GetSnapshot())!.Policy.Source);
        Assert.True((await Put(mesh, "two", "cart", 60)).Ok);
    }

    [Fact]
    public async Task A_document_under_another_name_or_of_another_kind_is_refused()
    {
        await using var mesh = await TestMesh.Start();

        var misplaced = await Policy(mesh, "other").Put(Document("one", "cart", 50), null, dryRun: false);
        Assert.Equal("metadata.name", misplaced.Problems[0].Field);

        var kind = await mesh.Grains.GetGrain<IPolicyGrain>("VirtualService/shop/one").Put(Document("one", "cart", 50), null, dryRun: false);
        Assert.Equal("kind", kind.Problems[0].Field);
        var unknown = await mesh.Grains.GetGrain<IPolicyGrain>("Gateway/shop/one").Put(Document("one", "cart", 50), null, dryRun: false);
        Assert.Equal("The kinds there are are DestinationRule and VirtualService.", Assert.Single(unknown.Problems).Remedy);

        var large = await Policy(mesh, "one").Put(new string(' ', MeshLimits.PolicyCharacters + 1), null, dryRun: false);
        Assert.Equal(ProblemKind.LimitExceeded, large.Problems[0].Kind);
    }

    [Fact]
    public async Task A_document_that_does_not_compile_leaves_what_runs_as_it_is()
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "one", "cart", 50);

        var broken = await Policy(mesh, "one").Put(
            Document("one", "cart", 50).Replace("maxEjectionPercent", "maxEjectionPerCent", StringComparison.Ordinal), null, dryRun: false);

        Assert.Contains(broken.Problems, problem => problem.Field.EndsWith("maxEjectionPerCent", StringComparison.Ordinal));
        Assert.Equal("DestinationRule/shop/one@1", (await mesh.Snapshot()).Policy.Source);
    }

    [Theory]
    [InlineData(Fault.BeforeWriting)]
    [InlineData(Fault.AfterWriting)]
    public async Task When_a_document_cannot_be_stored_what_is_in_force_is_what_is_on_disk(Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        await Put(mesh, "one", "cart", 50);
        mesh.Storage.FailNext("policy", fault);

        await Assert.ThrowsAnyAsync<Exception>(() => Put(mesh, "one", "cart", 60));

        var stored = await Policy(mesh, "one").Get();
        Assert.Equal(fault == Fault.BeforeWriting ? 1 : 2, stored!.Version);
        Assert.Equal($"DestinationRule/shop/one@{stored.Version}", (await mesh.Snapshot()).Policy.Source);
        Assert.Equal(2, (await Put(mesh, "one", "cart", 60)).Value!.Version);
    }

    [Fact]
    public async Task A_first_document_that_cannot_be_stored_leaves_nothing_behind()
    {
        await using var mesh = await TestMesh.Start();
        mesh.Storage.FailNext("policy", Fault.BeforeWriting);

        await Assert.ThrowsAnyAsync<Exception>(() => Put(mesh, "one", "cart", 50));

        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.False(await mesh.IsListed(TestMesh.Cart));
        Assert.Empty((await mesh.Catalog(Key("one").ToString()).List()).Policies);
    }

    [Fact]
    public async Task A_service_bound_to_a_document_that_was_never_stored_is_freed_when_it_wakes()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        // As a crash leaves it between the binding and the document.
        Assert.True((await first.Service().BindPolicy(Key("lost"), 1, TrafficPolicy.Default with { Source = "lost" })).Ok);

        await using var mesh = await first.Restart();

        await Eventually.True(async () => (await mesh.Snapshot()).Policy.Source is null, "the service is free");
        Assert.True((await Put(mesh, "one", "cart", 50)).Ok);
    }

    [Fact]
    public async Task A_service_bound_to_a_version_that_was_never_stored_gets_the_one_that_was()
    {
        var first = await TestMesh.Start();
        await Put(first, "one", "cart", 50);
        Assert.True((await first.Service().BindPolicy(Key("one"), 2, TrafficPolicy.Default with { Source = "lost" })).Ok);

        await using var mesh = await first.Restart();

        await Eventually.True(async () => (await mesh.Snapshot()).Policy.Source == "DestinationRule/shop/one@1", "the stored one is in force");
    }

    [Fact]
    public async Task A_stored_document_puts_itself_in_force_again_when_it_wakes()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        await Put(first, "one", "cart", 50);
        await first.Service().UnbindPolicy(Key("one"));
        Assert.Null((await first.Snapshot()).Policy.Source);

        await using var mesh = await first.Restart();
        Assert.NotNull(await Policy(mesh, "one").Get());

        Assert.Equal("DestinationRule/shop/one@1", (await mesh.Snapshot()).Policy.Source);
    }

    [Fact]
    public async Task A_service_that_could_not_be_let_go_is_let_go_by_the_next_attempt()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        await Put(mesh, "one", "cart", 50);
        mesh.Storage.FailNext("service", Fault.BeforeWriting);

        await Assert.ThrowsAnyAsync<Exception>(() => Policy(mesh, "one").Delete(null));

        Assert.Equal(ProblemKind.NotFound, (await Policy(mesh, "one").Delete(null)).Problems[0].Kind);
        Assert.Null((await mesh.Snapshot()).Policy.Source);
    }

    internal static PolicyKey Key(string name) => new("DestinationRule", "shop", name);

    internal static IPolicyGrain Policy(TestMesh mesh, string name) => mesh.Grains.GetGrain<IPolicyGrain>(Key(name).ToString());

    internal static Task<Outcome<PolicyDocument>> Put(
        TestMesh mesh, string name, string host, int percent, long? ifMatch = null, bool dryRun = false) =>
        Policy(mesh, name).Put(Document(name, host, percent), ifMatch, dryRun);

    internal static string Document(string name, string host, int percent, string interval = "10s") => $$"""
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "DestinationRule",
          "metadata": { "name": "{{name}}", "namespace": "shop" },
          "spec": { "host": "{{host}}", "trafficPolicy": { "outlierDetection": { "interval": "{{interval}}", "maxEjectionPercent": {{percent}} } } }
        }
        """;
}
