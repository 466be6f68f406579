using System.Diagnostics.Metrics;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Verdicts;

namespace Mesh.Grains;

/// <summary>What the grains count, per service. The meter is <c>Mesh.Orleans</c>, as everywhere in the control plane.</summary>
internal static class GrainMetrics
{
    private static readonly Meter Meter = new("Mesh.Orleans");

    private static readonly Counter<long> Registrations = Meter.CreateCounter<long>(
        "mesh_registrations_total", description: "Endpoints that began a life.");

    private static readonly Counter<long> Expiries = Meter.CreateCounter<long>(
        "mesh_lease_expiries_total", description: "Leases that ran out.");

    private static readonly Counter<long> Ejections = Meter.CreateCounter<long>(
        "mesh_outlier_ejections_total", description: "Endpoints ejected, by the budget's leave or by hand.");

    private static readonly Counter<long> Returns = Meter.CreateCounter<long>(
        "mesh_outlier_returns_total", description: "Ejections that ended.");

    private static readonly Counter<long> Overflows = Meter.CreateCounter<long>(
        "mesh_outlier_overflows_total", description: "Ejections deserved and refused by the budget.");

    private static readonly Counter<long> Detections = Meter.CreateCounter<long>(
        "mesh_outlier_detections_total", description: "Outliers noticed, by detector; whether they are enforced, and not what the budget says.");

    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>(
        "mesh_limit_refusals_total", description: "Requests refused because a named limit was reached.");

    private static readonly Counter<long> LedgerDrops = Meter.CreateCounter<long>(
        "mesh_ledger_dropped_total", description: "Ledger entries dropped because too many waited for the disk.");

    private static readonly Counter<long> ArchiveDrops = Meter.CreateCounter<long>(
        "mesh_archive_dropped_total", description: "Pieces of recordings dropped before their time, because there was too much or the disk was away.");

    private static readonly Counter<long> Faults = Meter.CreateCounter<long>(
        "mesh_grain_faults_total", description: "Steps that a grain took on its own time and could not complete.");

    /// <summary>Counts what a step of an endpoint meant.</summary>
    public static void Stepped(ServiceId service, EndpointState? before, EndpointState? after)
    {
        Count(Registrations, service, after is not null && after.RegisteredAt != before?.RegisteredAt);
        Count(Expiries, service, after?.ExpiredAt is not null && before?.ExpiredAt is null);
        Count(Ejections, service, after?.Ejection is not null && after.Ejection.At != before?.Ejection?.At);
        Count(Returns, service, after is { Ejection: null } && before?.Ejection is not null);
    }

    /// <summary>Counts ejections that the budget refused.</summary>
    public static void Overflowed(ServiceId service, int count)
    {
        if (count > 0)
        {
            Overflows.Add(count, new KeyValuePair<string, object?>("service", service.ToString()));
        }
    }

    /// <summary>Counts what detectors noticed.</summary>
    public static void Detected(ServiceId service, Ruling ruling)
    {
        if (Detections.Enabled)
        {
            Count(ruling.Verdicts.Select(verdict => verdict.Proposal), enforced: true);
            Count(ruling.NotEnforced, enforced: false);
        }

        void Count(IEnumerable<EjectionProposal> proposals, bool enforced)
        {
            foreach (var proposal in proposals)
            {
                Detections.Add(
                    1,
                    new KeyValuePair<string, object?>("service", service.ToString()),
                    new KeyValuePair<string, object?>("detector", proposal.Evidence.Detector.ToString()),
                    new KeyValuePair<string, object?>("enforced", enforced));
            }
        }
    }

    /// <summary>Counts a refusal by a limit.</summary>
    public static void Refused(string limit) => Refusals.Add(1, new KeyValuePair<string, object?>("limit", limit));

    /// <summary>Counts an entry that the ledger could not take for so long that others needed its place.</summary>
    public static void LedgerDropped(ServiceId service) => LedgerDrops.Add(1, new KeyValuePair<string, object?>("service", service.ToString()));

    /// <summary>Counts a piece of a recording that had to go before its time.</summary>
    public static void ArchiveDropped(ServiceId service) => ArchiveDrops.Add(1, new KeyValuePair<string, object?>("service", service.ToString()));

    /// <summary>Counts a step on a grain's own time that failed and is tried again.</summary>
    public static void Faulted(string grain) => Faults.Add(1, new KeyValuePair<string, object?>("grain", grain));

    private static void Count(Counter<long> counter, ServiceId service, bool happened)
    {
        if (happened && counter.Enabled)
        {
            counter.Add(1, new KeyValuePair<string, object?>("service", service.ToString()));
        }
    }
}
