namespace Mesh.Bench.Push;

/// <summary>What a run found out.</summary>
internal sealed record PushResult
{
    public required PushSetup Setup { get; init; }

    /// <summary>Updates that arrived: one for each change and stream that wants it.</summary>
    public required int Deliveries { get; init; }

    /// <summary>Updates that did not arrive within half a minute of the last change.</summary>
    public required int Missing { get; init; }

    /// <summary>Milliseconds from the snapshot that has the change to the arrival, over all updates.</summary>
    public required Spread FromAcceptance { get; init; }

    /// <summary>The same from the request that asks for the change.</summary>
    public required Spread FromRequest { get; init; }

    /// <summary>The same from acceptance to the last stream, over all changes.</summary>
    public required Spread ToLast { get; init; }

    /// <summary>From acceptance, in percents of the updates: the n-th is what n % were faster than.</summary>
    public required IReadOnlyList<double> Percentiles { get; init; }

    /// <summary>From acceptance, of the changes before those that count.</summary>
    public required Spread WarmUp { get; init; }

    /// <summary>The control plane's, in microseconds for each update: all that it used meanwhile.</summary>
    public required double CpuEach { get; init; }

    /// <summary>The part of it that is the kernel's.</summary>
    public required double KernelCpuEach { get; init; }

    /// <summary><see cref="CpuEach"/> without what it uses with all streams connected and nothing to do.</summary>
    public required double CpuEachAboveIdle { get; init; }

    /// <summary>The same as <see cref="CpuEach"/>, of the changes before those that count.</summary>
    public required double WarmUpCpuEach { get; init; }

    /// <summary>The control plane's CPU for each change, in milliseconds, without what it uses with nothing to do.</summary>
    public double CpuPerChange => CpuEachAboveIdle * Deliveries / Setup.Changes / 1000;

    /// <summary>What it uses with nothing to do, in percent of one core.</summary>
    public required double IdlePercent { get; init; }

    /// <summary>What it holds at the end, in MB.</summary>
    public required double Megabytes { get; init; }

    /// <summary>What it held before the first stream came.</summary>
    public required double MegabytesBefore { get; init; }

    public double KilobytesEach => (Megabytes - MegabytesBefore) * 1024 / Setup.Streams;

    /// <summary>Bytes that a client receives for each update, framing of HTTP/2 and gRPC included.</summary>
    public required double BytesEach { get; init; }

    /// <summary>This process's own, in microseconds for each update: it has to be small beside the control plane's.</summary>
    public required double ClientCpuEach { get; init; }
}
