using System.Collections.Concurrent;
using Mesh.Gateway.Streams;
using Mesh.Gateway.Tests.Rest;
using Mesh.Gateway.Tests.Streams;
using Mesh.Silo;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>Who does not read is cut off by the limit that says so and is counted, in the control plane as it runs.</summary>
public sealed class UnreadTests
{
    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public async Task An_unread_stream_is_closed_by_its_own_limit_and_counted(AdsVariant variant)
    {
        await using var server = new RestServer(static builder => builder.Services.AddSingleton(new StreamOptions { WriteTimeout = TimeSpan.FromSeconds(1) }));
        await server.InitializeAsync();
        using var measured = new Measured();
        var ends = new ConcurrentQueue<string>();
        var proxies = server.App.Services.GetRequiredService<IProxyRegistry>();
        using var events = proxies.Subscribe(happened =>
        {
            if (happened.Kind == ProxyEventKind.Disconnected)
            {
                ends.Enqueue(happened.Detail);
            }
        });
        using var client = new EitherClient(variant, server.Grpc, "lazy");
        await client.Ask(ResourceType.Endpoints, "default/greeter");
        await Eventually.True(() => proxies.Count == 1);

        // Each one more is a larger assignment that nobody reads.
        for (var i = 0; ends.IsEmpty; i++)
        {
            var answer = await server.Put(
                $"/v1/services/default/greeter/endpoints/e{i % 1000:000}", $$$"""{"address":"10.0.0.1","port":{{{i % 60_000 + 1}}},"labels":{"filler":"{{{new string('x', 60)}}}"}}""");
            Assert.True(answer.Status < 300, answer.Text);
        }

        Assert.Equal("A response was not read within 1 s.", Assert.Single(ends));
        Assert.True(measured.Sum("mesh.streams.closed", "unread") > 0);
    }

    [Fact]
    public async Task Kestrel_gives_streams_more_time_than_their_own_limit_and_REST_as_much_as_ever()
    {
        var seen = new ConcurrentQueue<MinDataRate?>();
        await using var server = new RestServer(builder => builder.Services.AddSingleton<IStartupFilter>(new Looks(seen)));
        await server.InitializeAsync();
        var kestrel = server.App.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        var streams = server.App.Services.GetRequiredService<StreamOptions>();
        Assert.True(kestrel.MinResponseDataRate!.GracePeriod > streams.WriteTimeout);

        Assert.Equal(200, (await server.Get("/healthz")).Status);
        await Eventually.True(() => !seen.IsEmpty);
        var ofRest = Assert.Single(seen)!;
        var usual = new KestrelServerLimits().MinResponseDataRate!;
        Assert.Equal((usual.BytesPerSecond, usual.GracePeriod), (ofRest.BytesPerSecond, ofRest.GracePeriod));
    }

    private sealed class Looks(ConcurrentQueue<MinDataRate?> seen) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (http, served) =>
            {
                await served(http);
                seen.Enqueue(http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate);
            });
            next(app);
        };
    }
}
