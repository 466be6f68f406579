using System.Reflection;
using Mesh.Contracts;
using Mesh.Core.Outliers;
using Orleans;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A grain factory whose service grains know one call, Report, and answer it as a test says. Proxies, because the real interface has more members.</summary>
public class FakeGrains : DispatchProxy
{
    private Func<ServiceReport, Task<ReportAnswer>> _report = null!;

    public static IGrainFactory Create(Func<ServiceReport, Task<ReportAnswer>> report)
    {
        var factory = Create<IGrainFactory, FakeGrains>();
        ((FakeGrains)(object)factory)._report = report;
        return factory;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var grain = Create<IServiceGrain, FakeServiceGrain>();
        ((FakeServiceGrain)(object)grain).OnReport = _report;
        return grain;
    }
}

/// <summary>See <see cref="FakeGrains"/>.</summary>
public class FakeServiceGrain : DispatchProxy
{
    internal Func<ServiceReport, Task<ReportAnswer>> OnReport { get; set; } = null!;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name == nameof(IServiceGrain.Report)
        ? OnReport((ServiceReport)args![0]!)
        : throw new NotSupportedException($"No test needs {targetMethod?.Name}.");
}
