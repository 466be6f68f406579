namespace Mesh.Proxy;

/// <summary>
/// <c>mesh-proxy --health URL</c>: asks a page of a running proxy and turns the answer into an exit code. It is for health checks of containers,
/// whose images hold no shell and no curl.
/// </summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>0 when the answer is 200; 1 when it is another or none, and what was said goes to the error output; 2 for what is no address.</summary>
    public static async Task<int> Ask(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
        {
            return Say(2, $"--health '{address}': This is not a URL. Write it like http://127.0.0.1:15021/ready.");
        }

        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = Limit, MaxResponseContentBufferSize = 64 * 1024 };
        try
        {
            using var answer = await client.GetAsync(url);
            return answer.StatusCode is System.Net.HttpStatusCode.OK ? 0 : Say(1, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
        catch (HttpRequestException failed)
        {
            return Say(1, $"{url.Authority} does not answer ({failed.HttpRequestError}).");
        }
        catch (TaskCanceledException)
        {
            return Say(1, $"{url.Authority} did not answer within {Limit.TotalSeconds:0} s.");
        }
    }

    private static int Say(int code, string message)
    {
        Console.Error.WriteLine($"mesh-proxy: {message.TrimEnd()}");
        return code;
    }
}
