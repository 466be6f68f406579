using System.Text.Json.Serialization;

namespace Mesh.Core.Health;

/// <summary>Where an endpoint stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HealthStatus>))]
public enum HealthStatus
{
    /// <summary>In rotation at its full weight.</summary>
    Healthy,

    /// <summary>In rotation; a run of failures is under way that has not reached a threshold, or the budget refused its ejection.</summary>
    Suspect,

    /// <summary>Out of rotation until its ejection ends.</summary>
    Ejected,

    /// <summary>Its ejection has ended: in rotation at a low weight until traffic proves it, or condemns it again.</summary>
    Probing,

    /// <summary>Leaving: no new requests; those under way may finish.</summary>
    Draining,

    /// <summary>Its lease ran out; it is removed if nobody renews it.</summary>
    Expired,
}
