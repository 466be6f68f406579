using System.Collections.Immutable;
using System.Net;

namespace Mesh.Cli.Client;

/// <summary>
/// Sends a request to the next server when one cannot be reached, or says that it cannot answer now (503). Any gateway answers any request; a command carries an id for that, so
/// that it is done once even if a server did it and could not say so.
/// </summary>
/// <param name="servers">Where to ask, in this order.</param>
/// <param name="inner">What sends.</param>
internal sealed class OtherServers(ImmutableArray<Uri> servers, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private int _current;

    /// <summary>The one that was asked last.</summary>
    public Uri Current => servers[_current];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Of a file that is sent as it is read, nothing is left to send again.
        var most = request.Content is null or ByteArrayContent ? servers.Length : 1;
        if (most > 1 && request.Method != HttpMethod.Get && !request.Headers.Contains("Idempotency-Key"))
        {
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("N"));
        }

        var path = servers[0].MakeRelativeUri(request.RequestUri!);
        for (var left = most - 1; ; left--)
        {
            request.RequestUri = new Uri(Current, path);
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                if (left == 0 || response.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    return response;
                }

                response.Dispose();
            }
            catch (HttpRequestException) when (left > 0)
            {
                // What the last one says is what the person is told.
            }

            _current = (_current + 1) % servers.Length;
        }
    }
}
