using System.Collections.Immutable;
using Envoy.Service.Discovery.V3;

namespace Mesh.Xds.Ads;

/// <summary>What a stream needs of a DeltaDiscoveryRequest.</summary>
public sealed record DeltaRequest : AdsRequest
{
    /// <summary>What it wants beside what it wanted before.</summary>
    public IReadOnlyList<string> Subscribe { get; init; } = [];

    /// <summary>What it wants no longer.</summary>
    public IReadOnlyList<string> Unsubscribe { get; init; } = [];

    /// <summary>Which versions it has from an earlier stream, by name.</summary>
    public IReadOnlyDictionary<string, string> InitialVersions { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The same from the message.</summary>
    public static DeltaRequest Of(DeltaDiscoveryRequest request) => new()
    {
        Node = request.Node,
        TypeUrl = request.TypeUrl,
        ResponseNonce = request.ResponseNonce,
        Complaint = request.ErrorDetail?.Message,
        Subscribe = request.ResourceNamesSubscribe,
        Unsubscribe = request.ResourceNamesUnsubscribe,
        InitialVersions = request.InitialResourceVersions.AsReadOnly(),
    };
}
