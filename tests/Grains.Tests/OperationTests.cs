using System.Text.Json.Nodes;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Operations;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>A command that is said twice is done once, whatever happens between.</summary>
public class OperationTests
{
    [Fact]
    public async Task A_repeated_ejection_does_not_lengthen_and_answers_the_same()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(3);
        var first = (await mesh.Service().Eject("e1", TimeSpan.FromMinutes(5), "a test", "eject")).Value!;
        mesh.Time.Advance(TimeSpan.FromSeconds(7));
        var writes = mesh.Storage.Writes("endpoint");

        var second = (await mesh.Service().Eject("e1", TimeSpan.FromMinutes(5), "a test", "eject")).Value!;

        Assert.Equal(first.Endpoint.EjectedUntil, second.Endpoint.EjectedUntil);
        Assert.Equal(first.Endpoint.EjectedUntil, (await mesh.Find("e1"))!.EjectedUntil);
        Assert.Equal(writes, mesh.Storage.Writes("endpoint"));
        Assert.Equal(1, second.Endpoint.EjectionMultiplier);
    }

    [Fact]
    public async Task A_repeat_that_comes_after_another_command_does_not_undo_it()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        await mesh.Service().Drain("a", "drain");
        await mesh.Service().Restore("a", "restore");

        Assert.Equal(HealthStatus.Draining, (await mesh.Service().Drain("a", "drain")).Value!.Endpoint.Status);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
    }

    [Fact]
    public async Task A_repeated_removal_is_the_firsts_success_and_spares_a_successor()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", "i1");
        var first = (await mesh.Service().Deregister("a", "i1", "leave")).Value!;
        Assert.Equal("i1", (await mesh.Service().Deregister("a", "i1", "leave")).Value!.InstanceId);
        Assert.Equal(ProblemKind.NotFound, (await mesh.Service().Deregister("a", "i1", "another")).Problems[0].Kind);
        await mesh.Register("a", "i1");

        var second = (await mesh.Service().Deregister("a", "i1", "leave")).Value!;

        Assert.Equal(first.RegisteredAt, second.RegisteredAt);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
        Assert.NotNull(await mesh.Endpoint("a").Get());
    }

    [Fact]
    public async Task A_registration_repeated_after_the_endpoint_was_removed_does_not_bring_it_back()
    {
        await using var mesh = await TestMesh.Start();
        Assert.True((await mesh.Service().Register(TestMesh.Registration("a", "i1"), "join")).Value!.Created);
        await mesh.Service().Deregister("a", null, "leave");

        Assert.True((await mesh.Service().Register(TestMesh.Registration("a", "i1"), "join")).Value!.Created);

        Assert.Null(await mesh.Service().GetSnapshot());
    }

    [Fact]
    public async Task A_registration_is_created_once_and_its_repeat_says_so_too()
    {
        await using var mesh = await TestMesh.Start();

        var outcomes = new List<bool>();
        foreach (var operation in new[] { "one", "one", "two", "one", null })
        {
            outcomes.Add((await mesh.Service().Register(TestMesh.Registration("a"), operation)).Value!.Created);
        }

        Assert.Equal([true, true, false, true, false], outcomes);
    }

    [Fact]
    public async Task The_same_id_on_another_command_is_refused_and_nothing_is_done()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Service().Register(TestMesh.Registration("a"), "one");

        var refused = await mesh.Service().Drain("a", "one");
        var changed = await mesh.Service().Register(TestMesh.Registration("a") with { Weight = 7 }, "one");
        await mesh.Service().Deregister("a", null, "two");
        var removed = await mesh.Service().Register(TestMesh.Registration("a"), "two");

        Assert.All([refused, changed, removed], outcome => Assert.Equal((ProblemKind.Conflict, "operation"), (outcome.Problems[0].Kind, outcome.Problems[0].Field)));
        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.Equal(ProblemKind.Invalid, (await mesh.Service().Drain("a", "no spaces")).Problems[0].Kind);
    }

    [Theory]
    [InlineData("endpoint", Fault.BeforeWriting)]
    [InlineData("endpoint", Fault.AfterWriting)]
    [InlineData("service", Fault.BeforeWriting)]
    [InlineData("service", Fault.AfterWriting)]
    [InlineData("catalog", Fault.AfterWriting)]
    public async Task Commands_of_unknown_outcome_are_done_once_by_their_repeat_also_after_a_restart(string state, Fault fault)
    {
        var mesh = await TestMesh.Start();
        await Repeated(() => mesh.Service().Register(TestMesh.Registration("a", "i1"), "join"), view => Assert.True(view.Created));
        await Repeated(() => mesh.Service().Eject("a", TimeSpan.FromHours(1), null, "eject"), view => Assert.Equal(1, view.Endpoint.EjectionMultiplier));
        await Repeated(() => mesh.Service().Deregister("a", "i1", "leave"), view => Assert.Equal(HealthStatus.Ejected, view.Endpoint.Status));

        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.Null(await mesh.Endpoint("a").Get());
        Assert.False(await mesh.IsListed(TestMesh.Cart));
        await mesh.DisposeAsync();

        async Task Repeated(Func<Task<Outcome<EndpointView>>> command, Action<EndpointView> check)
        {
            mesh.Storage.FailNext(state, fault);
            try
            {
                check((await command()).Value!);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                mesh = await mesh.Restart();
            }

            mesh.Storage.Faults = (_, _) => Fault.None;
            check((await command()).Value!);
            mesh = await mesh.Restart();
            check((await command()).Value!);
        }
    }

    [Fact]
    public async Task A_removal_cut_short_is_completed_after_a_restart_though_nobody_repeats_it()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        first.Storage.Faults = (state, _) => state == "endpoint" ? Fault.BeforeWriting : Fault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => first.Service().Deregister("a", null, "leave"));
        await using var mesh = await first.Restart();
        mesh.Storage.Faults = (_, _) => Fault.None;
        Assert.Null(await mesh.Service().GetSnapshot());

        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(new GrainSettings().LookAgain);
                return await mesh.Endpoint("a").Get() is null;
            },
            "its own row is cleared");
        Assert.Null(await mesh.Service().GetSnapshot());
    }

    [Fact]
    public async Task A_document_put_again_keeps_its_version_whatever_it_was_to_match()
    {
        await using var mesh = await TestMesh.Start();
        var policy = PolicyTests.Policy(mesh, "one");
        var first = (await policy.Put(PolicyTests.Document("one", "cart", 50), 0, false, "put")).Value!;

        Assert.Equal(first, (await policy.Put(PolicyTests.Document("one", "cart", 50), 0, false, "put")).Value);
        var second = (await policy.Put(PolicyTests.Document("one", "cart", 60), 1, false, "again")).Value!;
        Assert.Equal(second, (await policy.Put(PolicyTests.Document("one", "cart", 60), 1, false, "again")).Value);
        Assert.Equal(first, (await policy.Put(PolicyTests.Document("one", "cart", 50), 0, false, "put")).Value);

        Assert.Equal((1, true, 2, false), (first.Version, first.Created, second.Version, second.Created));
        Assert.Equal(2, (await policy.Get())!.Version);
        Assert.Equal(60, (await mesh.Snapshot()).Policy.OutlierDetection.MaxEjectionPercent);
        Assert.Equal(ProblemKind.Conflict, (await policy.Put(PolicyTests.Document("one", "cart", 70), null, false, "put")).Problems[0].Kind);
        Assert.Equal(ProblemKind.Conflict, (await policy.Delete(null, "put")).Problems[0].Kind);
        Assert.Equal(ProblemKind.Invalid, (await policy.Delete(null, "")).Problems[0].Kind);
    }

    [Theory]
    [InlineData("policy", Fault.AfterWriting)]
    [InlineData("policy", Fault.BeforeWriting)]
    [InlineData("service", Fault.AfterWriting)]
    [InlineData("catalog", Fault.AfterWriting)]
    public async Task A_document_of_unknown_fate_is_put_and_deleted_once(string state, Fault fault)
    {
        var mesh = await TestMesh.Start();
        await Repeated(policy => policy.Put(PolicyTests.Document("one", "cart", 50), 0, false, "put"));
        Assert.Equal("DestinationRule/shop/one@1", (await mesh.Snapshot()).Policy.Source);
        await Repeated(policy => policy.Delete(1, "delete"));
        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.Equal(2, (await PolicyTests.Put(mesh, "one", "cart", 50)).Value!.Version);
        await Repeated(policy => policy.Delete(1, "delete"));
        Assert.NotNull(await mesh.Service().GetSnapshot());
        await mesh.DisposeAsync();

        async Task Repeated(Func<IPolicyGrain, Task<Outcome<PolicyDocument>>> command)
        {
            mesh.Storage.FailNext(state, fault);
            await command(PolicyTests.Policy(mesh, "one")).ContinueWith(static _ => { }, TaskScheduler.Default);
            mesh.Storage.Faults = (_, _) => Fault.None;
            var second = (await command(PolicyTests.Policy(mesh, "one"))).Value!;
            mesh = await mesh.Restart();
            Assert.Equal(second, (await command(PolicyTests.Policy(mesh, "one"))).Value);
            Assert.Equal((1, PolicyTests.Document("one", "cart", 50)), (second.Version, second.Json));
        }
    }

    [Fact]
    public async Task What_a_delete_removed_is_forgotten_when_nobody_can_repeat_it_any_more()
    {
        await using var mesh = await TestMesh.Start();
        await PolicyTests.Put(mesh, "one", "cart", 50);
        await PolicyTests.Policy(mesh, "one").Delete(null, "delete");
        Assert.Contains("maxEjectionPercent", mesh.Storage.Inner.Json("policy/policy/DestinationRule/shop/one"), StringComparison.Ordinal);

        mesh.Time.Advance(OperationLog.Age);

        await Eventually.True(() => !mesh.Storage.Inner.Json("policy/policy/DestinationRule/shop/one").Contains("maxEjectionPercent", StringComparison.Ordinal), "the text is gone");
    }

    [Fact]
    public async Task Rows_hardly_grow_by_what_they_remember_and_forget_it_in_time()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("plain");
        await mesh.Service().Register(TestMesh.Registration("named"), Guid.Empty.ToString("N"));
        var (plain, named) = (mesh.Storage.Inner.Json("endpoint/endpoint/shop/cart/plain"), mesh.Storage.Inner.Json("endpoint/endpoint/shop/cart/named"));
        Assert.DoesNotContain("Operations", plain, StringComparison.Ordinal);
        Assert.InRange(named.Length - plain.Length, 1, 170);
        await mesh.Service().Deregister("named", null, "leave");
        Assert.NotNull(JsonNode.Parse(mesh.Storage.Inner.Json("service/service/shop/cart"))!["Departures"]);

        await Eventually.True(
            () =>
            {
                mesh.Time.Advance(OperationLog.Age);
                return JsonNode.Parse(mesh.Storage.Inner.Json("service/service/shop/cart"))!["Departures"] is null;
            },
            "the removed one is forgotten");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Each_command_is_done_once_however_the_disk_fails_and_however_often_it_is_said(int seed)
    {
        var dice = new Random(seed);
        var mesh = await TestMesh.Start();
        for (var round = 0; round < 25; round++)
        {
            var id = $"e{dice.Next(3)}";
            var operation = $"{seed}-{round}";
            var before = (await mesh.Find(id))?.ConfiguredWeight;
            var kind = dice.Next(3);
            mesh.Storage.Faults = (_, _) => dice.Next(100) switch { < 15 => Fault.BeforeWriting, < 30 => Fault.AfterWriting, _ => Fault.None };
            Outcome<EndpointView>? answer = null;
            for (var attempt = 0; answer is null || attempt < 2; attempt++)
            {
                try
                {
                    answer = await (kind == 0
                        ? mesh.Service().Deregister(id, null, operation)
                        : mesh.Service().Register(TestMesh.Registration(id, $"i{round}") with { Weight = 1 + round }, operation));
                    Assert.Equal(kind != 0 || before is not null, answer.Ok);
                    Assert.Equal(kind != 0 && before is null, answer.Value?.Created ?? false);
                }
                catch (Exception e) when (e is not Xunit.Sdk.XunitException)
                {
                    if (dice.Next(3) == 0)
                    {
                        mesh.Storage.Faults = (_, _) => Fault.None;
                        mesh = await mesh.Restart();
                    }
                }
            }

            mesh.Storage.Faults = (_, _) => Fault.None;
            await Eventually.True(async () => (await mesh.Find(id))?.ConfiguredWeight == (kind == 0 ? null : 1 + round), $"{id} in round {round}");
        }

        await mesh.DisposeAsync();
    }
}
