using Envoy.Config.Core.V3;
using Mesh.Core.Localities;

namespace Mesh.Xds.Translation;

/// <summary>All that decides what a client is sent: what it is, where it runs, and what it understands. Clients with equal profiles share every byte.</summary>
public sealed record ClientProfile
{
    /// <summary>A client that has said nothing.</summary>
    public static ClientProfile Unknown { get; } = new();

    /// <summary>What it is.</summary>
    public ClientKind Kind { get; init; } = ClientKind.Sidecar;

    /// <summary>Where it runs.</summary>
    public ClientPlace Place { get; init; } = ClientPlace.Unknown;

    /// <summary>Whether it takes resources that run out unless they are repeated; a client that does not would refuse their wrapper.</summary>
    public bool SupportsResourceTtl { get; init; }

    /// <summary>What a node says of its client; a null node has said nothing.</summary>
    public static ClientProfile Of(Node? node) => node is null ? Unknown : new()
    {
        Kind = ClientKinds.Of(node),
        Place = ClientPlaces.Of(node),
        SupportsResourceTtl = node.ClientFeatures.Contains(TtlFeature),
    };

    private const string TtlFeature = "xds.config.supports-resource-ttl";
}
