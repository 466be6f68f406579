using Orleans;
using Orleans.Concurrency;

namespace Mesh.Grains.Checks;

/// <summary>The side of an endpoint that its own checks report to; its key is <see cref="Contracts.IEndpointGrain"/>'s.</summary>
[Alias("mesh.ICheckedGrain")]
public interface ICheckedGrain : IGrainWithStringKey
{
    /// <summary>A check that it began has ended. A message and not a task that goes on in the grain, so that it takes its turn.</summary>
    [OneWay]
    [Alias("CheckEnded")]
    Task CheckEnded(bool passed, string? note);
}
