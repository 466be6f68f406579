namespace Mesh.Bench.Capacity;

/// <summary>What a control plane of so many silos took, on this machine.</summary>
/// <param name="Silos">How many; together they have this machine's cores, stores and load included.</param>
internal sealed record CapacityResult(int Silos)
{
    /// <summary>Seconds from the start of the first process to its readiness, the stores being up.</summary>
    public double FirstReady { get; init; }

    /// <summary>The same for one that joins; NaN when there is none.</summary>
    public double JoinerReady { get; init; } = double.NaN;

    /// <summary>Resident MB of an idle silo: mean over all.</summary>
    public double IdleMegabytes { get; init; }

    /// <summary>MB that 1,000 endpoints take, over all silos together: grains, the gateways' views of them and all.</summary>
    public double MegabytesPer1000Endpoints { get; init; }

    /// <summary>MB that 1,000 streams take, over all silos together; each names ten services of ten endpoints.</summary>
    public double MegabytesPer1000Streams { get; init; }

    /// <summary>Registrations acknowledged per second, each on disk by then.</summary>
    public double CommandsPerSecond { get; init; }

    /// <summary>Milliseconds that one took.</summary>
    public Spread? Commands { get; init; }

    /// <summary>Batches of reports judged per second: ten endpoints each, of many services, one of a hundred requests failed.</summary>
    public double ReportsPerSecond { get; init; }

    /// <summary>Milliseconds that one took.</summary>
    public Spread? Reports { get; init; }

    /// <summary>Calls to grains per second, one after the other: each waits for the one before.</summary>
    public double CallsAlone { get; init; }

    /// <summary>The same with 64 under way.</summary>
    public double CallsTogether { get; init; }

    /// <summary>CPU of all silos with everything connected and nothing to do, in percent of a core.</summary>
    public double IdlePercent { get; init; }

    /// <summary>The stores' memory at the end, MB: PostgreSQL and Redis.</summary>
    public double RedisMegabytes { get; init; }
}
