using System.Net;
using Mesh.Silo;
using Mesh.Silo.Stores;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>What of the Cluster edition needs no cluster.</summary>
public sealed class ClusterOptionTests
{
    private static readonly SiloOptions Good = new() { Postgres = "Host=db", Redis = "cache" };

    [Theory]
    [InlineData(SiloRole.All)]
    [InlineData(SiloRole.Grains)]
    public void A_silo_needs_both_stores(SiloRole role)
    {
        Assert.Null(RoleOptions.Trouble(Good with { Role = role }));
        Assert.Contains("--postgres", RoleOptions.Trouble(Good with { Role = role, Postgres = null }), StringComparison.Ordinal);
        Assert.Contains("--redis", RoleOptions.Trouble(Good with { Role = role, Redis = " " }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_apart_needs_the_members_only()
    {
        var gateway = Good with { Role = SiloRole.Gateway, Redis = null, SiloPort = 0 };
        Assert.Null(RoleOptions.Trouble(gateway));
        Assert.Contains("--role gateway needs --postgres", RoleOptions.Trouble(gateway with { Postgres = null }), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_others_cannot_connect_to_is_refused()
    {
        Assert.StartsWith("--advertise '0.0.0.0': ", RoleOptions.Trouble(Good with { Advertise = IPAddress.Any }), StringComparison.Ordinal);
        Assert.StartsWith("--silo-port '0': ", RoleOptions.Trouble(Good with { SiloPort = 0 }), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ports_are_not_one()
    {
        Assert.Equal(
            "--silo-port and --rest-port are both 15080. Give them different ones.", RoleOptions.Trouble(Good with { SiloPort = 15080 }));
        Assert.Null(RoleOptions.Trouble(Good with { GrpcPort = 0, RestPort = 0, OrleansGatewayPort = 0 }));
    }

    [Theory]
    [InlineData("yes", "always", "noeviction", null)]
    [InlineData("no", "everysec", "noeviction", "appendonly yes")]
    [InlineData("yes", "everysec", "noeviction", "appendfsync always (with everysec up to a second")]
    [InlineData("yes", "no", "noeviction", "appendfsync always (with no up to half a minute")]
    [InlineData("yes", "always", "allkeys-lru", "maxmemory-policy noeviction (with allkeys-lru it forgets")]
    [InlineData(null, null, null, null)]
    [InlineData("yes", null, null, null)]
    public void Redis_is_warned_of_when_it_may_lose_what_it_acknowledged(string? appendonly, string? appendfsync, string? policy, string? said)
    {
        var settings = new Dictionary<string, string?> { ["appendonly"] = appendonly, ["appendfsync"] = appendfsync, ["maxmemory-policy"] = policy }
            .Where(static setting => setting.Value is not null).ToDictionary(static setting => setting.Key, static setting => setting.Value!);
        var warning = RedisDurability.Warning(settings);
        Assert.Equal(said is null, warning is null);
        Assert.Contains(said ?? "", warning ?? "", StringComparison.Ordinal);
    }
}
