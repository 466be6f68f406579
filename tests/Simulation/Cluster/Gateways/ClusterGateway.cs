using System.Reflection;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;
using Mesh.Simulation.Cluster.Hosts;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;

namespace Mesh.Simulation.Cluster.Gateways;

/// <summary>
/// One life of a gateway: the real <see cref="MeshView"/> over the real reader of grains, and behind it callers who go by what it shows and report what they saw. What is not
/// here is what makes bytes of it: streams and translation, which the mesh of one silo has.
/// </summary>
public sealed class ClusterGateway : IDisposable
{
    private static readonly MethodInfo Execute = typeof(MeshView).GetMethod("ExecuteAsync", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private readonly ClusterWorld _cluster;
    private readonly MeshView _view;
    private readonly Callers _callers;

    internal ClusterGateway(ClusterWorld cluster, IGrainProcess process)
    {
        (_cluster, Host, Grains) = (cluster, process.Host, process.Runtime.Factory);
        Name = $"gateway of {process.Host.Address}";
        var source = cluster.SourceOf(this, new GrainMeshSource(Grains, new LedgerFeed(Grains, NullLogger<LedgerFeed>.Instance)));
        var dice = cluster.Dice.For(Name);
        _view = new MeshView(source, new ViewOptions { Roll = dice.NextDouble }, Host.Clock, NullLogger<MeshView>.Instance);
        if (cluster.Bug != ClusterBug.TakesAnyVersion)
        {
            _view.Subscribe(change => Show(change.Service, change.After));
        }

        _callers = new Callers(cluster, this, dice);
    }

    public string Name { get; }

    public Host Host { get; }

    public IGrainFactory Grains { get; }

    /// <summary>It takes no new callers.</summary>
    public bool Draining { get; private set; }

    /// <summary>What it shows.</summary>
    public Dictionary<ServiceId, ServiceSnapshot> Shown { get; } = [];

    public void Begin()
    {
        _cluster.Gateways.Add(this);
        _ = Host.Start(() => (Task)Execute.Invoke(_view, [CancellationToken.None])!);
        _callers.Begin();
    }

    /// <summary>Its process is gone.</summary>
    public void Dispose()
    {
        _cluster.Gateways.Remove(this);
        _view.Dispose();
    }

    public void Drain() => Draining = true;

    internal void Show(ServiceId service, ServiceSnapshot? snapshot)
    {
        var before = Shown.GetValueOrDefault(service);
        if (snapshot is null)
        {
            Shown.Remove(service);
        }
        else
        {
            Shown[service] = snapshot;
        }

        _cluster.Show(this, service, before, snapshot);
    }
}
