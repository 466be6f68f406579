namespace Mesh.Core;

/// <summary>
/// What a client may call a service by. The full name is <c>name.namespace.mesh</c>; Kubernetes' form
/// <c>name.namespace.svc.cluster.local</c> means the same; any other name means a service of the default namespace.
/// </summary>
public static class HostNames
{
    private const string MeshSuffix = ".mesh";
    private const string KubernetesSuffix = ".svc.cluster.local";

    /// <summary>The full host name of a service.</summary>
    public static string Full(ServiceId id) => $"{id.Name}.{id.Namespace}{MeshSuffix}";

    /// <summary>All names that lead to a service, the one to show first.</summary>
    public static IReadOnlyList<string> All(ServiceId id) =>
        id.Namespace == ServiceId.DefaultNamespace
            ? [id.Name, Full(id), $"{id.Name}.{id.Namespace}{KubernetesSuffix}"]
            : [Full(id), $"{id.Name}.{id.Namespace}{KubernetesSuffix}"];

    /// <summary>Which service a host name means, without its port; null when it cannot name one.</summary>
    /// <param name="host">A host name without a port; letter case does not matter.</param>
    /// <param name="defaultNamespace">Where a name without a namespace is looked for.</param>
    public static ServiceId? Resolve(string host, string defaultNamespace = ServiceId.DefaultNamespace)
    {
        var lower = host.ToLowerInvariant();
        var full = lower.EndsWith(MeshSuffix, StringComparison.Ordinal) ? lower[..^MeshSuffix.Length]
            : lower.EndsWith(KubernetesSuffix, StringComparison.Ordinal) ? lower[..^KubernetesSuffix.Length]
            : null;
        if (full is null)
        {
            return Names.IsSubdomain(lower) ? new ServiceId(defaultNamespace, lower) : null;
        }

        var dot = full.LastIndexOf('.');
        return dot > 0 && ServiceId.TryParse($"{full[(dot + 1)..]}/{full[..dot]}", out var id) ? id : null;
    }
}
