namespace Mesh.Xds.Ads;

/// <summary>Which of xDS's two protocols a stream speaks.</summary>
public enum AdsVariant
{
    /// <summary>StreamAggregatedResources: a version for each type; clusters and listeners are sent whole.</summary>
    StateOfTheWorld,

    /// <summary>DeltaAggregatedResources: a version for each resource; only what differs is sent, and what is gone is named.</summary>
    Delta,
}
