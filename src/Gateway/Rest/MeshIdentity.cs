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

    /// <summary>What this process is called.</summary>
    public string Name { get; init; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>The host that others reach this process at, where it listens on all addresses.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The silo in this process, as in <see cref="Contracts.SiloMember.Address"/>; null when there is none. Not known before it has started.</summary>
    public Func<IServiceProvider, string?> Silo { get; init; } = static _ => null;

    /// <summary>Embedded or Cluster.</summary>
    public string Edition { get; init; } = "Embedded";
}
