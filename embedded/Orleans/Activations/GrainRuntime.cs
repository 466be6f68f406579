using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Runtime;

/// <summary>
/// The grains of this process: at most one activation for each identity, made at its first call and collected when idle.
/// There is no directory, no cluster and no network behind it, and there never will be: that is Orleans' job.
/// </summary>
internal sealed class GrainRuntime : IDisposable
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly ITimer _collector;
    private volatile bool _stopping;

    public GrainRuntime(
        IServiceProvider services, IOptions<GrainCollectionOptions> collection, IOptions<SiloMessagingOptions> messaging, ILoggerFactory loggers)
    {
        Services = services;
        Collection = collection.Value;
        ResponseTimeout = messaging.Value.ResponseTimeout;
        Log = loggers.CreateLogger("Orleans.Runtime");
        Time = Clock(TimeProviderNames.Grains);
        MessagingTime = Clock(TimeProviderNames.Messaging);
        CollectionTime = Clock(TimeProviderNames.ActivationManagement);
        Activities = services.GetService<ActivityPropagation>()?.Source;
        Platform = services.GetService<IGrainPlatform>();
        Types = services.GetService<GrainTypes>() ?? new();
        Factory = new(this);
        Counts = (services.GetService<IMeterFactory>()?.Create("Microsoft.Orleans") ?? new Meter("Microsoft.Orleans")).CreateUpDownCounter<int>("orleans-grains");
        _collector = CollectionTime.CreateTimer(_ => Collect(), null, Collection.CollectionQuantum, Collection.CollectionQuantum);
    }

    internal IServiceProvider Services { get; }

    internal EmbeddedGrainFactory Factory { get; }

    internal GrainTypes Types { get; }

    /// <summary>Null for the thread pool and this process.</summary>
    internal IGrainPlatform? Platform { get; }

    internal GrainCollectionOptions Collection { get; }

    internal TimeSpan ResponseTimeout { get; }

    internal TimeProvider Time { get; }

    internal TimeProvider MessagingTime { get; }

    internal TimeProvider CollectionTime { get; }

    internal ActivitySource? Activities { get; }

    /// <summary>Activations, with the class's name as <c>type</c>: the instrument that Orleans has.</summary>
    internal UpDownCounter<int> Counts { get; }

    internal ILogger Log { get; }

    public void Dispose() => _collector.Dispose();

    /// <summary>What waits for an answer goes on by itself, or, on a platform, where it is completed: nothing may leave that for another thread.</summary>
    internal static TaskCreationOptions Continuations(GrainRuntime? runtime) =>
        runtime?.Platform is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None;

    /// <summary>Brings a turn to the grain's activation.</summary>
    internal void Dispatch(GrainId id, Turn turn)
    {
        if (Platform is null)
        {
            Accept(id, turn);
        }
        else
        {
            Platform.Send(this, id, turn);
        }
    }

    internal bool Has(GrainId id) => _activations.ContainsKey(id);

    internal IEnumerable<GrainId> Activations => _activations.Keys;

    internal void Deactivate(GrainId id, DeactivationReason reason) => _activations.GetValueOrDefault(id)?.Deactivate(reason);

    /// <summary>Gives a turn to the grain's activation here, which is made when there is none.</summary>
    internal void Accept(GrainId id, Turn turn)
    {
        while (true)
        {
            if (!_activations.TryGetValue(id, out var activation))
            {
                if (_stopping)
                {
                    turn.Reject(new OrleansException($"The silo is stopping; {id} is not activated any more."));
                    return;
                }

                activation = new Activation(this, id, Types.Class(id.Type));
                if (!_activations.TryAdd(id, activation))
                {
                    continue;
                }

                activation.Activate();
            }

            if (activation.Post(turn))
            {
                return;
            }

            Remove(activation);
        }
    }

    internal void Remove(Activation activation)
    {
        if (_activations.TryRemove(new(activation.GrainId, activation)))
        {
            Platform?.Removed(this, activation.GrainId);
        }
    }

    /// <summary>Takes all activations down, and makes no more.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _collector.Dispose();
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is stopping.");
        while (!_activations.IsEmpty && !cancellationToken.IsCancellationRequested)
        {
            var all = _activations.Values.ToArray();
            foreach (var activation in all)
            {
                activation.Deactivate(reason, cancellationToken);
            }

            await Task.WhenAll(all.Select(activation => activation.Deactivated)).WaitAsync(cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TimeProvider Clock(string area) =>
        Services.GetKeyedService<TimeProvider>(area) ?? Services.GetService<TimeProvider>() ?? TimeProvider.System;

    private void Collect()
    {
        foreach (var activation in _activations.Values)
        {
            activation.CollectIfIdle(Collection.CollectionAge);
        }
    }
}
