using System.Collections.Immutable;
using System.Globalization;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>
/// The evidence of ejections against what really happened, which in a simulation somebody knows: its figures add up, and no proxy is said to have seen more
/// failures than it met. Only where reports arrive once and are no lies.
/// </summary>
public sealed class EvidenceIsTrue : IRule
{
    private readonly List<LedgerEntry> _ejections = [];
    private World? _world;

    public string Name => "evidence is true";

    /// <summary>Ejections on evidence, as they were entered.</summary>
    public IReadOnlyList<LedgerEntry> Ejections => _ejections;

    /// <summary>What is wrong with any of it.</summary>
    public IReadOnlyList<string> Flaws { get; private set; } = [];

    public void Watch(World world)
    {
        _world = world;
        world.Silo.Stepped += Stepped;
    }

    private void Stepped(ServiceSnapshot? before, ServiceSnapshot after, IReadOnlyList<LedgerEntry> entries)
    {
        foreach (var entry in entries.Where(entry => entry.Kind == LedgerKind.Ejected && (entry.Evidence is not null || entry.Tally is not null)))
        {
            _ejections.Add(entry);
            if (Flaw(entry, after) is { } flaw)
            {
                Flaws = [.. Flaws, string.Create(CultureInfo.InvariantCulture, $"{entry.EndpointId} at {entry.At:HH:mm:ss.fff}: {flaw}")];
            }
        }
    }

    private string? Flaw(LedgerEntry entry, ServiceSnapshot snapshot)
    {
        if (entry.Evidence is not { } evidence)
        {
            return "it has no evidence";
        }

        var endpoint = snapshot.Endpoints.First(e => e.Id == entry.EndpointId);
        var key = $"{endpoint.Address}:{endpoint.Port}";
        var known = _world!.Clients.ToImmutableDictionary(client => client.Name, client => _world.Traffic.Failures(client.Name, key));
        return Evidence.Flaw(evidence)
            ?? (evidence.Sources.IsDefaultOrEmpty && evidence.Detector is not (OutlierDetector.Latency or OutlierDetector.ActiveHealthCheck) ? "it names no proxy" : null)
            ?? evidence.Sources.Where(source => source.Proxy.Length > 0 && source.Count > known.GetValueOrDefault(source.Proxy))
                .Select(source => $"{source.Proxy} met {known.GetValueOrDefault(source.Proxy)} failures and is said to have seen {source.Count}")
                .FirstOrDefault();
    }
}
