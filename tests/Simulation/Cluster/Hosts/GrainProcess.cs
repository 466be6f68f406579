using System.Diagnostics.Metrics;
using Mesh.Contracts;
using Mesh.Grains;
using Mesh.Grains.Checks;
using Mesh.Grains.Cluster;
using Mesh.Simulation.Engine;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>A process in which a grain runtime is: a silo, or a gateway of its own, which has no grains.</summary>
internal interface IGrainProcess
{
    Host Host { get; }

    GrainRuntime Runtime { get; }

    /// <summary>Brings a call to its grain.</summary>
    void Bring(GrainId grain, Turn turn);

    /// <summary>An activation is gone.</summary>
    void Removed(GrainId grain);
}

/// <summary>Makes the runtime of one life of a process, with the real grains in it.</summary>
internal static class GrainProcess
{
    private static readonly GrainTypes Types = new();
    private static readonly OneMeter Meters = new();

    public static GrainRuntime Build(ClusterWorld cluster, IGrainProcess process, Dice dice)
    {
        var services = new ServiceCollection();
        services.AddOptions().AddLogging();
        services.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(10));
        services.AddSingleton<GrainRuntime>();
        services.AddSingleton<Orleans.IGrainFactory>(provider => provider.GetRequiredService<GrainRuntime>().Factory);
        services.AddSingleton(Types);
        services.AddSingleton<IGrainPlatform>(new GrainPlatform(cluster, process));
        services.AddSingleton<TimeProvider>(process.Host.Clock);
        services.AddSingleton<IChance>(new Chance(dice.For("grains")));
        services.AddSingleton(new GrainSettings { LookAgain = TimeSpan.FromSeconds(10), TakeOver = cluster.Bug != ClusterBug.NoTakeOver });
        services.AddSingleton<IHealthChecker>(new Checker(cluster, process.Host));
        services.AddKeyedSingleton(MeshLimits.StorageName, cluster.Store.For(process.Host));
        services.AddMeshGrains();
        services.AddSingleton<IMeterFactory>(Meters);
        if (process is SiloNode silo)
        {
            services.AddSingleton<IClusterMembers>(new Members(silo));
            services.AddSingleton<ISiloFacts>(new Facts(silo));
        }

        return services.BuildServiceProvider().GetRequiredService<GrainRuntime>();
    }

    /// <summary>Each process has its own, and the directory none.</summary>
    public static bool IsLocal(GrainRuntime runtime, GrainId grain) => Carries<StatelessWorkerAttribute>(runtime, grain);

    /// <summary>Its key names the silo that it is to be on.</summary>
    public static bool IsOfSilo(GrainRuntime runtime, GrainId grain) => Carries<SiloPlacementAttribute>(runtime, grain);

    private static bool Carries<T>(GrainRuntime runtime, GrainId grain)
        where T : Attribute => runtime.Types.Class(grain.Type).Type.IsDefined(typeof(T), inherit: true);

    /// <summary>One for all: each that is made is kept for as long as the program runs.</summary>
    private sealed class OneMeter : IMeterFactory
    {
        private readonly Meter _meter = new("Mesh.Simulation");

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose() => _meter.Dispose();
    }

    private sealed class Chance(Dice dice) : IChance
    {
        public double Roll() => dice.NextDouble();
    }
}

/// <summary>Puts one process's runtime on the simulation's queue and network.</summary>
internal sealed class GrainPlatform(ClusterWorld cluster, IGrainProcess process) : IGrainPlatform
{
    public TaskScheduler Observers => process.Host.Scheduler;

    private IGrainProcess Process => process;

    private Host Host => process.Host;

    public void Execute(IThreadPoolWorkItem work) => Host.Run(work.Execute);

    public void Send(GrainRuntime from, GrainId target, Turn turn) => process.Bring(target, turn);

    public void Send(GrainRuntime from, GrainRuntime to, Action deliver)
    {
        var (sender, receiver) = (((GrainPlatform)from.Platform!).Process, ((GrainPlatform)to.Platform!).Process);
        // A runtime is of one life of its process.
        if (receiver.Runtime == to)
        {
            cluster.Wire.Send(sender.Host, receiver.Host, deliver);
        }
    }

    public void Removed(GrainRuntime from, GrainId grain) => process.Removed(grain);
}
