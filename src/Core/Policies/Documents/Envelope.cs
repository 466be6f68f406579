namespace Mesh.Core.Policies.Documents;

/// <summary>What every document of Istio's has around its spec.</summary>
internal sealed record Envelope(string Namespace, string Name, Node? Spec)
{
    /// <summary>Kinds that exist, so that a right document at the wrong time is told from a misspelt one.</summary>
    private static readonly string[] KnownKinds =
    [
        "ServiceEntry", "WorkloadEntry", "WorkloadGroup", "Sidecar", "Gateway", "PeerAuthentication", "AuthorizationPolicy",
        "RequestAuthentication", "Telemetry", "ProxyConfig", "WasmPlugin", "EnvoyFilter", "HTTPRoute", "GRPCRoute",
    ];

    private static readonly FieldTable Top = new(["apiVersion", "kind", "metadata", "spec"], ["status"], []);

    private static readonly FieldTable Metadata = new(
        ["name", "namespace"],
        [
            "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "ownerReferences", "finalizers",
            "managedFields", "selfLink",
        ],
        ["labels", "annotations"]);

    /// <summary>Reads it; null when the kind is another one, because then nothing in the document can be judged.</summary>
    public static Envelope? Read(Node root, string kind, string[] apiVersions, ProblemList problems)
    {
        var fields = Top.Read(root, problems);
        var kindIsRight = CheckKind(fields, kind, problems);
        if (kindIsRight && Required(fields, "apiVersion", $"Write {apiVersions[0]}.", problems) is { } version
            && version.Text(problems) is { } written && !apiVersions.Contains(written))
        {
            problems.Add(version, $"A {kind} of this version is not understood.", $"Write {string.Join(" or ", apiVersions)}.");
        }

        if (!kindIsRight)
        {
            return null;
        }

        var metadata = Required(fields, "metadata", "Write metadata with a name.", problems) is { } node ? Metadata.Read(node, problems) : null;
        return new(
            ReadNamespace(metadata, problems),
            ReadName(metadata, problems),
            Required(fields, "spec", "Write the spec.", problems));
    }

    /// <summary>A field that must be there.</summary>
    public static Node? Required(IReadOnlyDictionary<string, Node> fields, string name, string remedy, ProblemList problems, string path = "")
    {
        if (fields.TryGetValue(name, out var node))
        {
            return node;
        }

        problems.Add(Node.Join(path, name), null, "The field is missing.", remedy);
        return null;
    }

    private static bool CheckKind(IReadOnlyDictionary<string, Node> fields, string kind, ProblemList problems)
    {
        if (Required(fields, "kind", $"Write kind: {kind}.", problems) is not { } node || node.Text(problems) is not { } written)
        {
            return false;
        }

        if (written == kind)
        {
            return true;
        }

        if (PolicyKinds.All.Contains(written))
        {
            problems.Add(node, $"A {kind} is expected here, and this is another kind.", $"Write a {kind}, or put this where its own kind goes.");
        }
        else if (KnownKinds.Contains(written))
        {
            problems.Add(node, "Documents of this kind are not acted on yet.", $"Only {string.Join(" and ", PolicyKinds.All)} are, for now.");
        }
        else
        {
            var near = Spelling.Nearest(written, [.. PolicyKinds.All, .. KnownKinds]);
            problems.Add(node, "The kind is unknown.", $"Did you mean {near ?? kind}?");
        }

        return false;
    }

    private static string ReadName(IReadOnlyDictionary<string, Node>? metadata, ProblemList problems)
    {
        if (metadata is null || Required(metadata, "name", "Give the document a name.", problems, "metadata") is not { } node
            || node.Text(problems) is not { } name)
        {
            return "";
        }

        if (!Names.IsSubdomain(name))
        {
            problems.Add(node, "This is not a DNS subdomain.", "Write a-z, 0-9 and '-' in labels joined by dots, as in greeter.example.");
        }

        return name;
    }

    private static string ReadNamespace(IReadOnlyDictionary<string, Node>? metadata, ProblemList problems)
    {
        if (metadata is null || !metadata.TryGetValue("namespace", out var node) || node.Text(problems) is not { } name)
        {
            return ServiceId.DefaultNamespace;
        }

        if (!Names.IsLabel(name))
        {
            problems.Add(node, "This is not a DNS label.", "Write 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends.");
            return ServiceId.DefaultNamespace;
        }

        return name;
    }
}
