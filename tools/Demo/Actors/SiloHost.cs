using System.Diagnostics;
using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Local;
using Mesh.Local.Silos;

namespace Mesh.Demo.Actors;

/// <summary>Several silos with a PostgreSQL and a Redis of their own. One is killed at a time; the others are the control plane meanwhile.</summary>
internal sealed class SiloHost(House house, int silos) : IHost
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly LocalCluster _cluster = new(new LocalClusterOptions { Folder = Path.Combine(house.Directory, "cluster"), Silos = silos });
    private Supervisor? _killed;
    private int _kills;
    private bool _started;

    public IReadOnlyList<Uri> Rest => [.. _cluster.Silos.Select(silo => silo.Rest)];

    public string Grpc => _cluster.GatewayList;

    public int Count => silos;

    public string Who => string.Create(CultureInfo.InvariantCulture, $"{_cluster.Silos.Count(silo => silo.Running)} silos");

    public long ResidentBytes => _cluster.Silos.Max(silo => silo.ResidentBytes);

    public async Task<TimeSpan> Start(CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        if (!_started)
        {
            _started = true;
            await _cluster.Start(said: null, cancel);
        }
        else if (_killed is not null)
        {
            _killed.Restarting = true;
            await _cluster.Ready(StartLimit, cancel);
            _killed = null;
        }

        return Stopwatch.GetElapsedTime(start);
    }

    public string Kill()
    {
        _killed = _cluster.Members[_kills++ % _cluster.Members.Length];
        _killed.Restarting = false;
        _killed.Silo.Kill();
        return _killed.Silo.Name;
    }

    public void MustRun()
    {
        foreach (var member in _cluster.Members.Where(member => member != _killed && !member.Silo.Running))
        {
            throw new DemoException(member.Silo.Complaint("ended by itself"));
        }
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
