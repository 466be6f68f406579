using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Local.Silos;

namespace Mesh.Demo.Actors;

/// <summary>One process, which dies and is started again on the same ports and data.</summary>
internal sealed class SingleHost(House house) : IHost
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly SiloProcess _silo = new(new SiloSettings { Name = "control-plane", Folder = house.Directory });

    public IReadOnlyList<Uri> Rest => [_silo.Rest];

    public string Grpc => _silo.Grpc.ToString().TrimEnd('/');

    public int Count => 1;

    public string Who => _silo.Pid is { } process ? string.Create(CultureInfo.InvariantCulture, $"process {process}") : "no process";

    public long ResidentBytes => _silo.ResidentBytes;

    public Task<TimeSpan> Start(CancellationToken cancel)
    {
        _silo.Start();
        return _silo.Ready(StartLimit, cancel);
    }

    public string Kill()
    {
        _silo.Kill();
        return "the control plane";
    }

    public void MustRun()
    {
        if (!_silo.Running)
        {
            throw new DemoException(_silo.Complaint("ended by itself"));
        }
    }

    public ValueTask DisposeAsync() => _silo.DisposeAsync();
}
