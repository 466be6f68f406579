using Mesh.Core;
using Orleans;
using Orleans.Concurrency;

namespace Mesh.Contracts;

/// <summary>The side of a service that only policies' grains see; its key is <see cref="ServiceId"/>'s text, as <see cref="IServiceGrain"/>'s.</summary>
[Alias("mesh.IPolicyTargetGrain")]
public interface IPolicyTargetGrain : IGrainWithStringKey
{
    /// <summary>Which document of that kind binds to the service; null when none does.</summary>
    [AlwaysInterleave]
    [Alias("BoundPolicy")]
    Task<PolicyKey?> BoundPolicy(string kind);
}

/// <summary>The side of a policy that only services' grains see; its key is <see cref="PolicyKey"/>'s text, as <see cref="IPolicyGrain"/>'s.</summary>
[Alias("mesh.IPolicySourceGrain")]
public interface IPolicySourceGrain : IGrainWithStringKey
{
    /// <summary>
    /// A service's hint, when it wakes, that it is bound to this document. The document's grain compares that with what it has on disk
    /// and puts the binding right, which is how a crash between binding and storing is mended.
    /// </summary>
    [OneWay]
    [Alias("BindingSeen")]
    Task BindingSeen(ServiceId service, long version);
}
