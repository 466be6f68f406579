using Mesh.Api;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>What a proxy does with what it is sent, and what it sends back, in words. Empty when the server is too old to say.</summary>
internal static class ProxyText
{
    public static string Weights(ProxyView proxy) => proxy.Weights switch
    {
        "Ignored" => proxy.Kind == "ProxylessGrpc" ? "ignored (proxyless gRPC)" : "ignored",
        "Followed" => "followed",
        _ => "",
    };

    public static string Variant(ProxyView proxy) => proxy.Variant switch
    {
        "StateOfTheWorld" => "state of the world",
        "Delta" => "delta",
        _ => "",
    };

    public static string Role(ProxyView proxy) => proxy.Role switch
    {
        "Sidecar" => "sidecar",
        "Ingress" => "ingress",
        _ => "",
    };

    public static string Reaches(ProxyView proxy) => proxy.Reaches switch
    {
        "*/*" => "all services",
        "~/*" => "none but what it names",
        { } some => some.Replace(",", ", ", StringComparison.Ordinal),
        null => "",
    };

    public static string Reports(ProxyView proxy, DateTimeOffset now)
    {
        var said = proxy.Reports switch
        {
            "PerEndpoint" => "per endpoint",
            "PerLocality" => "per locality only (nobody is ejected on what it sees)",
            "None" => "none",
            _ => "",
        };
        return proxy.LastReportAt is { } at ? $"{said}, {Ages.Since(at, now)} ago" : said;
    }
}
