using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;

namespace Mesh.Xds.Ads;

/// <summary>What a stream needs of a DeltaDiscoveryRequest.</summary>
public sealed record DeltaRequest
{
    /// <summary>The client; only the first request has to say.</summary>
    public Node? Node { get; init; }

    /// <summary>The type that it is about, as a URL.</summary>
    public string TypeUrl { get; init; } = "";

    /// <summary>Which response it answers; empty when none.</summary>
    public string ResponseNonce { get; init; } = "";

    /// <summary>What the client says against that response; null when it accepts it.</summary>
    public string? Complaint { get; init; }

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
