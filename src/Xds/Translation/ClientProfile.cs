using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Mesh.Core.Localities;

namespace Mesh.Xds.Translation;

/// <summary>All that decides what a client is sent: what it is, where it runs, what it reaches and what it understands. Clients that are alike in these share every byte.</summary>
public sealed record ClientProfile
{
    /// <summary>A client that has said nothing.</summary>
    public static ClientProfile Unknown { get; } = new();

    /// <summary>What it is.</summary>
    public ClientKind Kind { get; init; } = ClientKind.Sidecar;

    /// <summary>Where it runs.</summary>
    public ClientPlace Place { get; init; } = ClientPlace.Unknown;

    /// <summary>What it is in the mesh.</summary>
    public ClientRole Role { get; init; } = ClientRole.Sidecar;

    /// <summary>What it may use without naming it.</summary>
    public Reach Reach { get; init; } = Reach.Everything;

    /// <summary>What its node said and was not understood, for people to read; empty when all was.</summary>
    public ImmutableArray<string> NotUnderstood { get; init; } = [];

    /// <summary>Whether it takes resources that run out unless they are repeated; a client that does not would refuse their wrapper.</summary>
    public bool SupportsResourceTtl { get; init; }

    /// <summary>What a node says of its client; a null node has said nothing.</summary>
    public static ClientProfile Of(Node? node)
    {
        if (node is null)
        {
            return Unknown;
        }

        var claims = NodeClaims.Of(node);
        return new()
        {
            Kind = ClientKinds.Of(node),
            Place = ClientPlaces.Of(node),
            Role = claims.Role,
            Reach = claims.Reach,
            NotUnderstood = claims.NotUnderstood,
            SupportsResourceTtl = node.ClientFeatures.Contains(TtlFeature),
        };
    }

    private const string TtlFeature = "xds.config.supports-resource-ttl";
}
