using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Contracts;
using Mesh.Core.Formats;
using Mesh.Core.Operations;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Grains.Services;

/// <summary>What a service's grain keeps on disk. The row outlives the service: when it comes back its versions go on from the epoch.</summary>
public sealed record ServiceRow : IRow<ServiceRow>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public ServiceRow InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>Grows with each activation that changes something or has something to serve.</summary>
    public long Epoch { get; init; }

    /// <summary>Ids of the endpoints. What is known of them is in their own rows.</summary>
    public ImmutableHashSet<string> Endpoints { get; init; } = [];

    /// <summary>The policy in force; null when no document binds.</summary>
    public PolicyBinding? Policy { get; init; }

    /// <summary>Where requests for the service's host names go; null when no document binds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RoutingBinding? Routing { get; init; }

    /// <summary>The factors of weights that follow the load, in percent by endpoint id, where they are not 100; some seconds old. Null when there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<string, int>? AdaptiveFactors { get; init; }

    /// <summary>Endpoints that were removed lately, with what was done to them; null when there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<Departure>? Departures { get; init; }

    /// <summary>Whether there is anything to serve.</summary>
    [JsonIgnore]
    public bool Exists => Policy is not null || Routing is not null || !Endpoints.IsEmpty;

    internal ServiceRow With(ImmutableHashSet<string> endpoints) => endpoints == Endpoints ? this : this with { Endpoints = endpoints };

    /// <summary>Without an endpoint, which is remembered among those that left; unchanged when this very command has done it already.</summary>
    internal ServiceRow Without(Departure gone, Command? command, DateTimeOffset now, Func<string, bool> settled) =>
        command is not null && Departures.Find(gone.Id)?.Operations?.Recent.Any(done => done.Id == command.Id) == true
            ? this
            : this with { Endpoints = Endpoints.Remove(gone.Id), Departures = Departures.With(gone, command, now, settled) };
}

/// <summary>A document's policy, as it binds to a service.</summary>
/// <param name="Key">Which document.</param>
/// <param name="Version">Which version of it.</param>
/// <param name="Policy">What it compiled to.</param>
public sealed record PolicyBinding(PolicyKey Key, long Version, TrafficPolicy Policy);

/// <summary>A document's routing, as it binds to a service.</summary>
/// <param name="Key">Which document.</param>
/// <param name="Version">Which version of it.</param>
/// <param name="Routing">What it compiled to.</param>
public sealed record RoutingBinding(PolicyKey Key, long Version, ServiceRouting Routing);
