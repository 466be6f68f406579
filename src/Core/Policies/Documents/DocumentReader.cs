using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>What compilers have in common: a document is inspected as a whole, then read, and means something only if nothing is wrong with it.</summary>
internal static class DocumentReader
{
    /// <summary>The versions that all kinds of Istio's networking have.</summary>
    public static readonly string[] ApiVersions =
        ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

    public static Outcome<CompiledPolicy> Compile(string json, Func<Node, ProblemList, CompiledPolicy?> read)
    {
        var problems = new ProblemList();
        return Inspection.Parse(json, problems) is { } root ? Compile(root, read) : Outcome.Refused<CompiledPolicy>(problems.ToImmutable());
    }

    public static Outcome<CompiledPolicy> Compile(JsonElement document, Func<Node, ProblemList, CompiledPolicy?> read)
    {
        var problems = new ProblemList();
        var root = Node.Root(document);
        Inspection.Check(root, problems);
        var compiled = problems.IsEmpty ? read(root, problems) : null;
        return compiled is not null && problems.IsEmpty
            ? Outcome.Of(compiled)
            : Outcome.Refused<CompiledPolicy>(problems.ToImmutable());
    }

    /// <summary>The service that a host name means in a document of that namespace.</summary>
    public static ServiceId? Host(Node node, string ns, ProblemList problems)
    {
        if (node.Text(problems) is not { } host)
        {
            return null;
        }

        if (host.Contains('*', StringComparison.Ordinal))
        {
            problems.Add(node, "A wildcard host is not acted on yet: a document binds to one service.", "Write one document for each service.");
            return null;
        }

        if (HostNames.Resolve(host, ns) is { } service)
        {
            return service;
        }

        problems.Add(node, "This is not the host name of a service.", "Write name, name.namespace.mesh or name.namespace.svc.cluster.local, without a port.");
        return null;
    }
}
