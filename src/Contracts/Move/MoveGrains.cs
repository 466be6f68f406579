using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Policies;
using Orleans;

namespace Mesh.Contracts.Move;

/// <summary>The side of a service that moves house; its key is <see cref="IServiceGrain"/>'s.</summary>
[Alias("mesh.IServiceMoveGrain")]
public interface IServiceMoveGrain : IGrainWithStringKey
{
    /// <summary>All that there is of it, but for documents: of one moment, unless it never stands still. Null when there is nothing to serve.</summary>
    [Alias("Export")]
    Task<MovedService?> Export();

    /// <summary>Takes endpoints over with their states; on disk when it returns. Answers in their order. Its documents are to be there already.</summary>
    [Alias("Adopt")]
    Task<ImmutableArray<Moved>> Adopt(ImmutableArray<MovedEndpoint> endpoints, OnConflict onConflict, bool dryRun);

    /// <summary>Takes over the factors of weights that follow the load. Those that are here already are younger, and stay unless they are to be replaced.</summary>
    [Alias("AdoptWeights")]
    Task<Moved> AdoptWeights(ImmutableSortedDictionary<string, int> factors, OnConflict onConflict, bool dryRun);
}

/// <summary>The side of an endpoint that moves house, which only its service calls; its key is <see cref="IEndpointGrain"/>'s.</summary>
[Alias("mesh.IEndpointMoveGrain")]
public interface IEndpointMoveGrain : IGrainWithStringKey
{
    /// <summary>What of it moves; null when it is not registered.</summary>
    [Alias("Export")]
    Task<MovedEndpoint?> Export(TrafficPolicy policy);

    /// <summary>Lives on in that state; on disk when it returns. The lease begins anew.</summary>
    [Alias("Adopt")]
    Task<AdoptedEndpoint> Adopt(MovedEndpoint endpoint, OnConflict onConflict, TrafficPolicy policy, bool dryRun);
}

/// <summary>The side of a document that moves house; its key is <see cref="IPolicyGrain"/>'s.</summary>
[Alias("mesh.IPolicyMoveGrain")]
public interface IPolicyMoveGrain : IGrainWithStringKey
{
    /// <summary>
    /// Puts a document in force under the version and the time that it had, so that ETags hold on. Where this mesh has given out that version or a later one for
    /// another text, it gets the next: an ETag never means two things.
    /// </summary>
    [Alias("Adopt")]
    Task<Moved> Adopt(PolicyDocument document, OnConflict onConflict, bool dryRun);
}

/// <summary>The side of a ledger that moves house; its key is <see cref="ILedgerGrain"/>'s.</summary>
[Alias("mesh.ILedgerMoveGrain")]
public interface ILedgerMoveGrain : IGrainWithStringKey
{
    /// <summary>Takes over a whole ledger with its numbers; on disk when it returns.</summary>
    /// <param name="entries">All of it, by number.</param>
    /// <param name="last">The greatest number that it ever gave; here they go on behind it.</param>
    /// <param name="onConflict">What becomes of entries of its own.</param>
    /// <param name="dryRun">Only say what would happen.</param>
    [Alias("Adopt")]
    Task<Moved> Adopt(ImmutableArray<LedgerEntry> entries, long last, OnConflict onConflict, bool dryRun);
}

/// <summary>What moves of a service.</summary>
/// <param name="Endpoints">By id.</param>
/// <param name="Weights">Factors of weights that follow the load, in percent by endpoint id, where they are not 100.</param>
/// <param name="Ledger">By number.</param>
/// <param name="LastEntry">The greatest number that the ledger ever gave.</param>
public sealed record MovedService(
    ImmutableArray<MovedEndpoint> Endpoints, ImmutableSortedDictionary<string, int> Weights, ImmutableArray<LedgerEntry> Ledger, long LastEntry);

/// <summary>What became of an endpoint that was to be taken over.</summary>
/// <param name="Moved">What.</param>
/// <param name="View">The endpoint as it is now; null when there is none.</param>
public sealed record AdoptedEndpoint(Moved Moved, EndpointView? View);
