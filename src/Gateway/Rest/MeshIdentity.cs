using System.Reflection;

namespace Mesh.Gateway.Rest;

/// <summary>Which control plane this is, for people. Its host knows.</summary>
public sealed record MeshIdentity
{
    /// <summary>The version of the product.</summary>
    public string Product { get; init; } =
        typeof(MeshIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The cluster's id.</summary>
    public string Cluster { get; init; } = "mesh";

    /// <summary>Embedded or Cluster.</summary>
    public string Edition { get; init; } = "Embedded";
}
