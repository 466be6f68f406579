using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

/// <summary>@grpc/grpc-js as client of our server: nobody here wrote it.</summary>
public sealed class NodeClientTests
{
    [Fact]
    public async Task Grpc_js_can_make_every_kind_of_call()
    {
        await using var server = await TestServer.StartAsync();
        using var node = await Node.StartAsync("client.js", server.Address.Authority, Node.Protos);
        var errors = node.StandardError.ReadToEndAsync();
        var output = await node.StandardOutput.ReadToEndAsync(Patience.Token);
        await node.WaitForExitAsync(Patience.Token);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length == 15 && lines.All(line => line.StartsWith("ok ", StringComparison.Ordinal)), output + await errors);
        // Its deadline and its cancellation have reached the service.
        await server.Seen.Cancelled.Task.WaitAsync(Patience.Token);
    }
}
