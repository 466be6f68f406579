using Mesh.Gateway.Tests.Rest;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>What clients are sent when they come back to a control plane that was started again. The benchmark does it with a thousand.</summary>
public sealed class ReconnectTests : IDisposable
{
    private const int Clients = 100;
    private const int Services = 20;
    private static readonly ResourceType[] Types = [ResourceType.Cluster, ResourceType.Endpoints, ResourceType.Listener, ResourceType.Route];
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-reconnect-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task After_a_restart_delta_clients_receive_nothing_that_they_have_and_then_what_changes()
    {
        Dictionary<ResourceType, Dictionary<string, string>> held;
        await using (var before = await Start())
        {
            for (var i = 0; i < Services; i++)
            {
                foreach (var id in (string[])["a", "b", "c"])
                {
                    await Done(before.Put($"/v1/services/default/s{i}/endpoints/{id}", """{"address":"10.0.0.1","port":80,"locality":{"region":"eu","zone":"a","subZone":""}}"""));
                }
            }

            await Done(before.Post("/v1/services/default/s0/endpoints/b/eject", """{"duration":"1h"}"""));
            held = await Everything(before);
        }

        await using var after = await Start();
        var clients = Enumerable.Range(0, Clients).Select(i => new EitherClient(AdsVariant.Delta, after.Grpc, $"client-{i}")).ToList();
        try
        {
            await Task.WhenAll(clients.Select((client, i) => Resume(client, held, outdated: i % 10 == 0)));

            // The next that each of them hears of is what changes next.
            await Done(after.Post("/v1/services/default/s1/endpoints/a/eject"));
            foreach (var client in clients)
            {
                var change = await client.Receive();
                Assert.Equal((ResourceType.Endpoints, "default/s1"), (change.Type, Assert.Single(change.Versions).Key));
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>All that there is, by name, with its version.</summary>
    private static async Task<Dictionary<ResourceType, Dictionary<string, string>>> Everything(RestServer server)
    {
        using var client = new EitherClient(AdsVariant.Delta, server.Grpc, "first");
        var held = Types.ToDictionary(type => type, _ => new Dictionary<string, string>());
        foreach (var type in Types)
        {
            await client.Ask(type, Names(type));
        }

        while (held[ResourceType.Cluster].Count < Services || held[ResourceType.Endpoints].Count < Services || held[ResourceType.Listener].Count == 0 || held[ResourceType.Route].Count == 0)
        {
            var answer = await client.Receive();
            foreach (var (name, version) in answer.Versions)
            {
                held[answer.Type][name] = version;
            }

            await client.Accept(answer);
        }

        return held;
    }

    private static string[] Names(ResourceType type) => type switch
    {
        ResourceType.Endpoints => [.. Enumerable.Range(0, Services).Select(i => $"default/s{i}")],
        ResourceType.Route => ["mesh_outbound"],
        _ => [],
    };

    /// <summary>Says what it has, and checks what it is answered.</summary>
    private static async Task Resume(EitherClient client, Dictionary<ResourceType, Dictionary<string, string>> held, bool outdated)
    {
        foreach (var type in Types)
        {
            Dictionary<string, string> has = new(held[type]);
            if (outdated && type == ResourceType.Endpoints)
            {
                (has["default/s2"], has["default/gone"]) = ("of last week", "1");
            }

            await client.Resume(type, has, all: Names(type).Length == 0);
        }

        HashSet<ResourceType> answered = [];
        List<string> sent = [];
        List<string> removed = [];
        while (answered.Count < Types.Length || (outdated && removed.Count == 0))
        {
            var answer = await client.Receive();
            Assert.True(answered.Add(answer.Type) || (outdated && answer.Type == ResourceType.Endpoints), $"{answer.Type} is answered twice.");
            sent.AddRange(answer.Versions.Keys);
            removed.AddRange(answer.Removed);
            await client.Accept(answer);
        }

        Assert.Equal(outdated ? ["default/s2"] : [], sent);
        Assert.Equal(outdated ? ["default/gone"] : [], removed);
    }

    private async Task<RestServer> Start()
    {
        var server = new RestServer(null, data: _data);
        await server.InitializeAsync();
        return server;
    }

    private static async Task Done(Task<Mesh.Gateway.Tests.Rest.Answer> change)
    {
        var answer = await change;
        Assert.True(answer.Status is 200 or 201, answer.Text);
    }
}
