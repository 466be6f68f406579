using Mesh.Contracts;
using Xunit;

namespace Mesh.Grains.Tests.Cluster;

public sealed class GatewayRosterTests
{
    [Fact]
    public async Task Who_tells_of_itself_is_shown_until_it_leaves_or_has_been_silent_for_long()
    {
        await using var mesh = await TestMesh.Start();
        var roster = mesh.Grains.GetGrain<IGatewayRosterGrain>(0);
        await roster.Announce(Gateway("b"));
        mesh.Time.Advance(TimeSpan.FromSeconds(20));
        await roster.Announce(Gateway("a"));
        Assert.Equal(["a", "c"], (await Heard(Gateway("c"))).Where(static name => name != "b"));

        var heard = await roster.List();
        Assert.Equal([("a", 0), ("b", 20), ("c", 0)], heard.Select(static one => (one.Gateway.Name, (int)one.Ago.TotalSeconds)));

        await roster.Leave("c");
        mesh.Time.Advance(MeshLimits.GatewayForgotten - TimeSpan.FromSeconds(10));
        Assert.Equal(["a"], (await roster.List()).Select(static one => one.Gateway.Name));

        async Task<IEnumerable<string>> Heard(GatewayView gateway) => (await roster.Announce(gateway)).Select(static one => one.Gateway.Name);
    }

    private static GatewayView Gateway(string name) => new()
    {
        Id = name,
        Name = name,
        Rest = "10.0.0.1:15080",
        Grpc = "10.0.0.1:15010",
        Version = "0.1.0",
        Started = DateTimeOffset.UnixEpoch,
        Ready = true,
        Services = 0,
        AdsStreams = 0,
        LrsStreams = 0,
    };
}
