using Mesh.Gateway.Tests.Rest;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mesh.Gateway.Tests.Silo;

public sealed class VanishedClientTests(RestServer server) : IClassFixture<RestServer>
{
    [Fact]
    public void A_client_that_vanished_without_a_word_is_looked_for_within_a_minute()
    {
        var http2 = server.App.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.Http2;

        Assert.True(http2.KeepAlivePingDelay + http2.KeepAlivePingTimeout <= TimeSpan.FromMinutes(1));
    }
}
