using Mesh.Contracts;
using Mesh.Gateway.Rest;

namespace Mesh.Silo.Stores;

/// <summary>
/// A store in readiness. That it is away is shown, and makes nobody unready: every gateway would be so at the same moment, load balancers would take all of them away,
/// and proxies would lose a control plane that still has all its news and verdicts, for a store that only new promises need.
/// </summary>
internal sealed class StoreCheck(IStoreHealth store) : IReadinessCheck
{
    public string Name => store.Current.Name;

    public bool Required => false;

    public Task<string?> Check(CancellationToken cancellationToken) => Task.FromResult(store.Current is { Healthy: false } away ? away.Detail ?? "It is away." : null);
}
