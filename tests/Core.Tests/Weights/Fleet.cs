using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Weights;

namespace Mesh.Core.Tests.Weights;

/// <summary>A few endpoints under the controller, one step after the other.</summary>
internal sealed class Fleet(AdaptiveWeights? policy = null)
{
    public AdaptiveWeights Policy { get; } = policy ?? new();

    public AdaptiveState State { get; set; } = AdaptiveState.None;

    public AdaptiveStep Last { get; private set; } = new(AdaptiveState.None, false);

    public int Published { get; private set; }

    public AdaptiveStep Step(params EndpointLoad[] loads)
    {
        Last = AdaptiveController.Step(State, loads, TimeSpan.FromSeconds(1), Policy);
        State = Last.State;
        Published += Last.Publish ? 1 : 0;
        return Last;
    }

    public Fleet Steps(int count, params EndpointLoad[] loads)
    {
        for (var i = 0; i < count; i++)
        {
            Step(loads);
        }

        return this;
    }

    public double Factor(string id) => State.Endpoints[id].Factor;

    /// <summary>So many requests that all took as long, and as many under way as that makes.</summary>
    public static EndpointLoad Load(string id, double milliseconds, int requests = 1000, int failed = 0, double? inFlight = null, int weight = 100) =>
        new(id, weight, new EndpointObservation
        {
            EndpointId = id,
            Succeeded = requests - failed,
            Failed = failed,
            Latency = new LatencySketch([new LatencyBucket(LatencySketch.BucketOf(milliseconds / 1000), requests)], requests * milliseconds / 1000),
            InFlightSeconds = inFlight ?? requests * milliseconds / 1000,
        });

    /// <summary>As a plain load report tells it: no latency.</summary>
    public static EndpointLoad Plain(string id, int requests, double inFlight) =>
        new(id, 100, new EndpointObservation { EndpointId = id, Succeeded = requests, InFlightSeconds = inFlight });

    public static EndpointLoad Silent(string id, int weight = 100) => new(id, weight, null);
}
