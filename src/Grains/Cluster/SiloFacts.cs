using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Mesh.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Cluster;

/// <summary>
/// What this silo has to say of itself. It counts its grains by the meter on which either runtime tells of each that wakes and goes, so it has to listen before
/// the first one does: it takes part in the silo's start for that.
/// </summary>
/// <remarks>Rejected: Orleans' management grain, which counts by a call to every silo's system target, and which the embedded runtime would have to imitate.</remarks>
public sealed class SiloFacts : ISiloFacts, ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private const string OfRuntime = "Microsoft.Orleans";
    private const string OfGrains = "orleans-grains";
    private static readonly TimeSpan ShortestSample = TimeSpan.FromSeconds(1);

    private readonly IMeterFactory? _meters;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, int> _grains = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private (long At, TimeSpan Processor) _sample;
    private double _processorsUsed;

    /// <summary>Begins to listen.</summary>
    public SiloFacts(IServiceProvider services)
    {
        _meters = services.GetService<IMeterFactory>();
        _lifetime = services.GetService<IHostApplicationLifetime>();
        _sample = (_time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Of several silos in one process each has a factory of its own.
            if (instrument.Meter.Name == OfRuntime && instrument.Name == OfGrains && ReferenceEquals(instrument.Meter.Scope, _meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, change, tags, _) => Count(change, tags));
        _listener.Start();
    }

    /// <inheritdoc/>
    public string Version { get; } =
        (Assembly.GetEntryAssembly() ?? typeof(SiloFacts).Assembly).GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <inheritdoc/>
    public SiloState State => _lifetime?.ApplicationStopping.IsCancellationRequested == true ? SiloState.Draining : SiloState.Active;

    /// <inheritdoc/>
    public ImmutableSortedDictionary<string, int> Grains =>
        _grains.Where(kind => kind.Value > 0).ToImmutableSortedDictionary(kind => kind.Key, kind => kind.Value, StringComparer.Ordinal);

    /// <inheritdoc/>
    public SiloFigures Figures => new()
    {
        ResidentBytes = Environment.WorkingSet,
        HeapBytes = GC.GetTotalMemory(forceFullCollection: false),
        ProcessorTime = Environment.CpuUsage.TotalTime,
        ProcessorsUsed = Sample(),
        Processors = Environment.ProcessorCount,
        QueuedWork = ThreadPool.PendingWorkItemCount,
    };

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        // That it is made now, before the first grain wakes, is all there is to do.
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private double Sample()
    {
        lock (_gate)
        {
            var elapsed = _time.GetElapsedTime(_sample.At);
            if (elapsed >= ShortestSample)
            {
                var used = Environment.CpuUsage.TotalTime;
                _processorsUsed = (used - _sample.Processor) / elapsed;
                _sample = (_time.GetTimestamp(), used);
            }

            return _processorsUsed;
        }
    }

    private void Count(int change, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
        {
            if (tag is { Key: "type", Value: string type } && KindOf(type) is { } kind)
            {
                _grains.AddOrUpdate(kind, change, (_, count) => count + change);
            }
        }
    }

    /// <summary><c>Mesh.Grains.Services.ServiceGrain,Mesh.Grains</c> is of the kind <c>service</c>; what is not the mesh's has none.</summary>
    private static string? KindOf(string type)
    {
        var name = type.Split(',')[0];
        var kind = name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant();
        return !name.StartsWith("Mesh.", StringComparison.Ordinal) ? null
            : kind.EndsWith("grain", StringComparison.Ordinal) && kind.Length > "grain".Length ? kind[..^"grain".Length]
            : kind;
    }
}
