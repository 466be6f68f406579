using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Grains.Policies;

namespace Mesh.Grains.Services;

/// <content>
/// The policy and the routing in force: one document of each kind. A document's grain says which; this one says whether another has the place already.
/// </content>
public sealed partial class ServiceGrain
{
    /// <inheritdoc/>
    public async Task<Outcome<SnapshotVersion>> BindPolicy(PolicyKey key, long version, TrafficPolicy policy)
    {
        var other = await Change(row => row.Policy is { } bound && bound.Key != key
            ? (row, bound.Key)
            : (Bind(row, new PolicyBinding(key, version, policy)), null));
        if (other is not null)
        {
            return Outcome.Refused<SnapshotVersion>(PolicyConflict.Of(_id, other));
        }

        await SyncCatalog();
        LookSoon();
        ChangePaceOfWeights();
        _board.Touch();
        return Outcome.Of(Publish());
    }

    /// <inheritdoc/>
    public async Task<Outcome<SnapshotVersion>> BindRouting(PolicyKey key, long version, ServiceRouting routing)
    {
        var binding = new RoutingBinding(key, version, routing);
        var other = await Change(row => row.Routing is { } bound && bound.Key != key
            ? (row, bound.Key)
            : (row.Routing == binding ? row : row with { Routing = binding }, null));
        if (other is not null)
        {
            return Outcome.Refused<SnapshotVersion>(PolicyConflict.Of(_id, other));
        }

        await SyncCatalog();
        _board.Touch();
        return Outcome.Of(Publish());
    }

    /// <inheritdoc/>
    public async Task UnbindPolicy(PolicyKey key)
    {
        if (await Change(row => row.Routing?.Key == key ? (row with { Routing = null }, true) : (row, false)))
        {
            _board.Touch();
            Publish();
        }

        if (await Change(row => row.Policy?.Key == key ? (row with { Policy = null, AdaptiveFactors = null }, true) : (row, false)))
        {
            LookSoon();
            ChangePaceOfWeights();
            _board.Touch();
            Publish();
        }

        await SyncCatalog();
    }

    /// <inheritdoc/>
    public Task<PolicyKey?> BoundPolicy(string kind) =>
        Task.FromResult(kind == VirtualServiceCompiler.Kind ? Row.Routing?.Key : Row.Policy?.Key);

    private static ServiceRow Bind(ServiceRow row, PolicyBinding binding) => row.Policy == binding
        ? row
        : row with { Policy = binding, AdaptiveFactors = binding.Policy.AdaptiveWeights is null ? null : row.AdaptiveFactors };
}
