using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Core.Formats;
using Mesh.Core.Health;
using Mesh.Core.Operations;
using Mesh.Core.Policies;

namespace Mesh.Grains.Endpoints;

/// <summary>What an endpoint's grain keeps on disk; there is no row when it is not registered.</summary>
public sealed record EndpointRow : IRow<EndpointRow>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public EndpointRow InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>All that it knows of itself; null when it is not registered.</summary>
    public EndpointState? State { get; init; }

    /// <summary>The policy that its service named last, so that its timers decide the same after a restart; null in a row written before 0.2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrafficPolicy? Traffic { get; init; }

    /// <summary>All that was kept of the policy before 0.2. It is read and no longer written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OutlierDetection? Policy { get; init; }

    /// <summary>The commands done lately; null when there are none. What they answered is <see cref="State"/>, unless they say otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OperationLog<EndpointState>? Operations { get; init; }

    /// <summary>How often a service that woke has taken the row over: nobody who read it before can write it after.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Taken { get; init; }

    /// <summary>The policy in force when the row was written.</summary>
    [JsonIgnore]
    public TrafficPolicy InForce =>
        Traffic ?? (Policy is null ? TrafficPolicy.Default : TrafficPolicy.Default with { OutlierDetection = Policy });

    /// <summary>The row after a step.</summary>
    /// <param name="state">The endpoint after it.</param>
    /// <param name="policy">In force.</param>
    /// <param name="command">What asked for the step; null when nobody did.</param>
    /// <param name="now">The time.</param>
    internal EndpointRow After(EndpointState state, TrafficPolicy policy, Command? command, DateTimeOffset now) => this with
    {
        State = state,
        Traffic = policy,
        Policy = null,
        Operations = Operations.After(State, command.Done<EndpointState>(now, created: State is null), now),
    };
}
