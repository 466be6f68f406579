using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Model;

/// <summary>How far the proxy got with a host name.</summary>
public enum HostStatus
{
    /// <summary>Asked for; no answer yet.</summary>
    Pending,

    /// <summary>The control plane answered without it: it does not exist, as far as is known.</summary>
    Absent,

    /// <summary>Its routes are known.</summary>
    Ready,
}

/// <summary>When a host was last asked for by a request; shared by all versions of its model.</summary>
public sealed class HostUse(long now)
{
    private long _last = now;

    /// <summary>In <see cref="TimeProvider.GetTimestamp"/>'s units.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>It was used now. Written only when it is news, since every request comes by here.</summary>
    public void Touch(long now, long grain)
    {
        if (now - Volatile.Read(ref _last) > grain)
        {
            Volatile.Write(ref _last, now);
        }
    }
}

/// <summary>What is known of a host name.</summary>
/// <param name="Name">Lower case, without a port.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Listener">Its listener; null unless known.</param>
/// <param name="Routes">Its routes; null unless known.</param>
/// <param name="AskedAt">When it was first asked for, in <see cref="TimeProvider.GetTimestamp"/>'s units.</param>
/// <param name="Use">When it was last used.</param>
public sealed record HostModel(string Name, HostStatus Status, ListenerConfig? Listener, RouteTable? Routes, long AskedAt, HostUse Use);

/// <summary>
/// All that a request needs to know, in one immutable version. One writer publishes it; readers hold the version they began with.
/// </summary>
/// <param name="Hosts">By name.</param>
/// <param name="Clusters">By name; only those whose endpoints are known.</param>
/// <param name="Connected">Whether the control plane is there.</param>
/// <param name="EjectionsLapsed">Whether it has been away for so long that its ejections no longer count.</param>
public sealed record ProxyConfig(
    IReadOnlyDictionary<string, HostModel> Hosts, IReadOnlyDictionary<string, ClusterModel> Clusters, bool Connected, bool EjectionsLapsed)
{
    /// <summary>Nothing is known.</summary>
    public static ProxyConfig Empty { get; } =
        new(new Dictionary<string, HostModel>(), new Dictionary<string, ClusterModel>(), false, false);
}

/// <summary>Holds the version in force, and tells those who wait when there is a newer one.</summary>
public sealed class ConfigStore
{
    private Version _current = new(ProxyConfig.Empty);

    /// <summary>The version in force.</summary>
    public ProxyConfig Current => Volatile.Read(ref _current).Config;

    /// <summary>The version in force, and what completes when it no longer is.</summary>
    public (ProxyConfig Config, Task Replaced) Watch()
    {
        var current = Volatile.Read(ref _current);
        return (current.Config, current.Replaced.Task);
    }

    /// <summary>Puts a version in force; only one caller at a time.</summary>
    public void Publish(ProxyConfig config)
    {
        var old = _current;
        Volatile.Write(ref _current, new Version(config));
        old.Replaced.TrySetResult();
    }

    private sealed class Version(ProxyConfig config)
    {
        public ProxyConfig Config { get; } = config;

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
