using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>What one run of one command works with.</summary>
internal sealed record Session(Terminal Terminal, MeshClient Client, OutputFormat Format, string? Namespace, TimeProvider Time)
{
    public const string DefaultNamespace = "default";

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Whether the answer is to be shown whole rather than as a table.</summary>
    public bool Whole => Format is OutputFormat.Json or OutputFormat.Yaml;

    public bool Wide => Format == OutputFormat.Wide;

    /// <summary>Reads <c>name</c> (in -n's namespace, or default) or <c>namespace/name</c>.</summary>
    public Target Service(string text) => Named(text, "service");

    /// <summary>Reads <c>name</c> or <c>namespace/name</c> of whatever kind.</summary>
    public Target Named(string text, string what)
    {
        var parts = text.Split('/');
        if (parts.Length > 2 || parts.Any(string.IsNullOrWhiteSpace))
        {
            throw Failure.Usage($"'{text}' does not name a {what}.", "Write NAME or NAMESPACE/NAME.");
        }

        if (parts.Length == 2 && Namespace is { } wanted && wanted != parts[0])
        {
            throw Failure.Usage($"'{text}' and --namespace {wanted} name two namespaces.", "Leave one of them out.");
        }

        return parts.Length == 2 ? new Target(parts[0], parts[1]) : new Target(Namespace ?? DefaultNamespace, parts[0]);
    }

    public void Say(string line) => Terminal.Out.WriteLine(Plain.Text(line));

    public void Notice(string line) => Terminal.Error.WriteLine($"meshctl: {Plain.Text(line)}");
}

/// <summary>Something named within a namespace.</summary>
internal readonly record struct Target(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>The paths of the REST API. Every part that comes from outside is escaped.</summary>
internal static class Paths
{
    public const string Services = "v1/services";
    public const string Policies = "v1/policies";
    public const string Proxies = "v1/proxies";

    public static string InNamespace(string list, string? ns) => ns is null ? list : $"{list}?namespace={Part(ns)}";

    public static string Service(Target service) => $"v1/services/{Part(service.Namespace)}/{Part(service.Name)}";

    public static string Endpoints(Target service) => $"{Service(service)}/endpoints";

    public static string Endpoint(Target service, string id) => $"{Endpoints(service)}/{Part(id)}";

    public static string Replay(string since) => $"v1/replay?since={Part(since)}";

    public static string Explain(Target service, string? endpoint) =>
        endpoint is null ? $"{Service(service)}/explain" : $"{Service(service)}/explain?endpoint={Part(endpoint)}";

    public static string Policy(string kind, Target policy) => $"v1/policies/{Part(kind)}/{Part(policy.Namespace)}/{Part(policy.Name)}";

    public static string Proxy(string node) => $"v1/proxies/{Part(node)}";

    public static string ProxyConfig(string node, string? type, string? resource, bool bodies)
    {
        var path = $"{Proxy(node)}/config?bodies={(bodies ? "true" : "false")}";
        path += type is null ? "" : $"&type={Part(type)}";
        return resource is null ? path : $"{path}&resource={Part(resource)}";
    }

    private static string Part(string text) => Uri.EscapeDataString(text);
}

/// <summary>The kinds of policy that may be written short.</summary>
internal static class Kinds
{
    public const string Default = "DestinationRule";

    private const string VirtualService = "VirtualService";

    private static readonly Dictionary<string, string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["destinationrule"] = Default,
        ["destinationrules"] = Default,
        ["dr"] = Default,
        ["virtualservice"] = VirtualService,
        ["virtualservices"] = VirtualService,
        ["vs"] = VirtualService,
    };

    /// <summary>The kind's own spelling; a kind that is not known here goes to the server as it is.</summary>
    public static string Of(string? text) => text is null ? Default : Known.GetValueOrDefault(text, text);
}
