using Grpc.Core;
using Mesh.Rpc.Tests.Support;

namespace Mesh.Rpc.Tests;

public sealed class MetadataTests : IAsyncLifetime
{
    private TestServer server = null!;
    private Echo.EchoClient client = null!;

    private static CancellationToken Limit => Patience.Token;

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync();
        client = server.Client();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task Headers_and_trailers_carry_text_and_bytes(int length)
    {
        var bytes = Enumerable.Range(0, length).Select(i => (byte)(255 - i)).ToArray();
        var headers = new Metadata { { "X-Text", "some text; with = signs" }, { "x-raw-bin", bytes } };
        using var call = client.UnaryAsync(new Request(), headers, cancellationToken: Limit);
        var received = await call.ResponseHeadersAsync;
        await call;
        foreach (var metadata in new[] { received, call.GetTrailers() })
        {
            Assert.Equal("some text; with = signs", metadata.GetValue("x-text"));
            Assert.Equal(bytes, metadata.GetValueBytes("x-raw-bin"));
        }
    }

    [Fact]
    public async Task Headers_arrive_before_the_first_message()
    {
        using var call = client.Chat(new Metadata { { "x-early", "1" } }, cancellationToken: Limit);
        Assert.Equal("1", (await call.ResponseHeadersAsync).GetValue("x-early"));
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Limit));
        Assert.Equal("1", call.GetTrailers().GetValue("x-early"));
    }

    [Fact]
    public async Task Trailers_come_with_a_failure_too()
    {
        var request = new Request { FailCode = (int)StatusCode.Aborted };
        using var call = client.Download(request, new Metadata { { "x-why", "because" } }, cancellationToken: Limit);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Limit));
        Assert.Equal("because", error.Trailers.GetValue("x-why"));
        Assert.Equal("because", call.GetTrailers().GetValue("x-why"));
    }

    [Fact]
    public async Task The_protocols_own_headers_are_not_metadata()
    {
        using var call = client.UnaryAsync(new Request(), cancellationToken: Limit);
        var headers = await call.ResponseHeadersAsync;
        await call;
        Assert.DoesNotContain(headers, entry => entry.Key is "content-type" or "grpc-status" or "grpc-encoding" or "grpc-accept-encoding");
        Assert.DoesNotContain(call.GetTrailers(), entry => entry.Key.StartsWith("grpc-", StringComparison.Ordinal));
    }

    [Fact]
    public void Keys_are_lower_case_and_checked()
    {
        Assert.Equal("x-mixed", new Metadata.Entry("X-Mixed", "v").Key);
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("with space", "v"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("text-bin", "v"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("bytes", [1]));
        Assert.Throws<InvalidOperationException>(() => new Metadata.Entry("bytes-bin", [1]).Value);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "b"));
    }

    [Fact]
    public void The_last_of_several_values_is_the_one()
    {
        var metadata = new Metadata { { "k", "1" }, { "other", "x" }, { "k", "2" } };
        Assert.Equal("2", metadata.GetValue("K"));
        Assert.Equal(["1", "2"], metadata.GetAll("k").Select(entry => entry.Value));
        Assert.Null(metadata.Get("none"));
    }
}
