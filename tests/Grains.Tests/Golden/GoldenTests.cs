using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Contracts;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests.Golden;

/// <summary>What an earlier version wrote can be read, what a later one wrote is left alone, and no row changes its shape by accident.</summary>
public class GoldenTests
{
    private const int Present = 2;

    public static TheoryData<int> Formats => [1, Present];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_mesh_wakes_from_the_rows_of_each_version(int format)
    {
        var (storage, time) = GoldenRows.Load(GoldenRows.Read(format));
        await using var mesh = await TestMesh.Start(storage, time, checker: new Checks.FakeChecker());

        var snapshot = await mesh.Snapshot();
        Assert.Equal(
            ["e0: Healthy", "e1: Draining", "e2: Ejected", "e3: Probing", "e4: Probing", "e5: Probing", "full: Healthy"],
            snapshot.Endpoints.Select(endpoint => $"{endpoint.Id}: {endpoint.Status}"));
        Assert.Equal(("DestinationRule/shop/one@1", 50, 4), (snapshot.Policy.Source, snapshot.Policy.OutlierDetection.MaxEjectionPercent, snapshot.Policy.OutlierDetection.Consecutive5xx));
        Assert.Equal("VirtualService/shop/split@1", snapshot.Routing!.Source);
        var full = snapshot.Endpoints[^1];
        Assert.Equal(("10.0.0.9", 9000, 3, "eu-1", "2"), (full.Address, full.Port, full.ConfiguredWeight, full.Locality.Zone, full.Labels["version"]));
        Assert.Equal(("i1", TimeSpan.FromHours(1)), ((await mesh.Endpoint("full").Get())!.InstanceId, (await mesh.Endpoint("full").Get())!.Lease));
        Assert.Equal(1, (await PolicyTests.Policy(mesh, "one").Get())!.Version);
        Assert.Null(await PolicyTests.Policy(mesh, "two").Get());
        Assert.Equal(2, (await PolicyTests.Put(mesh, "two", "other", 40)).Value!.Version);
        Assert.True(await mesh.IsListed(TestMesh.Cart));
        Assert.NotEqual(100, (await mesh.Service(GoldenRows.Weighed).GetSnapshot())!.Endpoints[^1].Weight);
        var ledger = (await mesh.Grains.GetGrain<ILedgerGrain>(TestMesh.Cart.ToString()).Read(new LedgerQuery { OldestFirst = true })).Entries;
        Assert.Equal(["proxy-1", "proxy-2"], ledger.First(entry => entry is { EndpointId: "e3", Kind: LedgerKind.Ejected }).Evidence!.Sources.Select(source => source.Proxy));
        Assert.NotEmpty(await mesh.Grains.GetGrain<IReportArchiveGrain>(TestMesh.Cart.ToString()).Read(DateTimeOffset.MinValue));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_mesh_goes_on_writing_over_the_rows_of_each_version(int format)
    {
        var (storage, time) = GoldenRows.Load(GoldenRows.Read(format));
        await using var mesh = await TestMesh.Start(storage, time, checker: new Checks.FakeChecker());

        Assert.True((await mesh.Service().Restore("e2", "restores")).Ok);
        Assert.True((await mesh.Service().Deregister("e1", null)).Ok);
        await mesh.Register("late");
        await using var next = await mesh.Restart();

        Assert.Equal(["e0", "e2", "e3", "e4", "e5", "full", "late"], (await next.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
        Assert.NotEqual(HealthStatus.Ejected, await next.Status("e2"));
        Assert.Equal(Present, (int)JsonNode.Parse(storage.Inner.Json("endpoint/endpoint/shop/cart/e2"))!["Format"]!);
    }

    [Fact]
    public async Task The_rows_of_this_version_have_the_shape_of_its_golden_file()
    {
        await using var mesh = await GoldenRows.Story();
        var rows = GoldenRows.Of(mesh);
        if (Environment.GetEnvironmentVariable("MESH_GOLDEN") == "write")
        {
            GoldenRows.Write(Present, rows);
        }

        GoldenRows.AssertSame(GoldenRows.Shape(GoldenRows.Read(Present)), GoldenRows.Shape(rows));
        Assert.All(rows.Where(pair => pair.Key != "at"), pair => Assert.Equal(Present, (int)pair.Value!["Format"]!));
    }

    [Theory]
    [InlineData("service/service/shop/cart")]
    [InlineData("endpoint/endpoint/shop/cart/e0")]
    [InlineData("policy/policy/DestinationRule/shop/one")]
    [InlineData("catalog/catalog/0")]
    [InlineData("ledger-01/ledger/shop/cart")]
    [InlineData("reports/reportarchive/shop/cart")]
    [InlineData("reports-01/reportarchive/shop/cart")]
    public async Task A_row_of_a_later_version_is_refused_and_left_as_it_is(string record)
    {
        var rows = GoldenRows.Read(Present);
        Assert.True(rows.ContainsKey(record));
        rows[record]!["Format"] = Present + 1;
        rows[record]!["Later"] = "what this program cannot know";
        var (storage, time) = GoldenRows.Load(rows);
        var before = storage.Inner.Json(record);
        await using var mesh = await TestMesh.Start(storage, time, checker: new Checks.FakeChecker());

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Touch(mesh, record));

        Assert.Contains($"has format {Present + 1}, and this program knows formats up to {Present}", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, storage.Inner.Json(record));
    }

    [Fact]
    public async Task Fields_that_a_later_version_added_are_carried_along()
    {
        var rows = GoldenRows.Read(Present);
        string[] touched = ["service/service/shop/cart", "endpoint/endpoint/shop/cart/e1", "policy/policy/DestinationRule/shop/one", "catalog/catalog/" + CatalogShard.Of("DestinationRule/shop/new")];
        foreach (var record in touched)
        {
            rows[record] ??= new JsonObject();
            rows[record]!["Later"] = new JsonObject { ["what"] = record };
        }

        var (storage, time) = GoldenRows.Load(rows);
        await using var mesh = await TestMesh.Start(storage, time, checker: new Checks.FakeChecker());
        await mesh.Service().Restore("e1");
        await mesh.Register("late");
        Assert.Equal(2, (await PolicyTests.Put(mesh, "one", "cart", 30)).Value!.Version);
        Assert.Equal(1, (await PolicyTests.Put(mesh, "new", "elsewhere", 30)).Value!.Version);

        Assert.All(touched, record =>
        {
            Assert.NotEqual(rows[record]!.ToJsonString(), storage.Inner.Json(record));
            Assert.Equal(record, (string)JsonNode.Parse(storage.Inner.Json(record))!["Later"]!["what"]!);
        });
    }

    private static Task Touch(TestMesh mesh, string record) => record.Split('/')[0] switch
    {
        "service" => mesh.Service().GetSnapshot(),
        "endpoint" => mesh.Endpoint("e0").Get(),
        "policy" => PolicyTests.Policy(mesh, "one").Get(),
        "catalog" => mesh.Grains.GetGrain<ICatalogGrain>("0").List(),
        "ledger-01" => mesh.Grains.GetGrain<ILedgerGrain>(TestMesh.Cart.ToString()).Read(new()),
        _ => mesh.Grains.GetGrain<IReportArchiveGrain>(TestMesh.Cart.ToString()).Read(DateTimeOffset.MinValue),
    };
}
