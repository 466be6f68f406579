using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orleans.Runtime;

/// <summary>
/// Starts what takes part in the lifecycle, stage by stage, and stops it in the opposite order; grains go down after the stages at which
/// they were ready (Active and above) and before the services they use.
/// </summary>
internal sealed class Silo(GrainRuntime runtime, IServiceProvider services) : IHostedService, ISiloLifecycle
{
    private readonly List<Subscription> _subscriptions = [];
    private readonly Stack<Subscription> _started = [];

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        var subscription = new Subscription(stage, observer, _subscriptions);
        _subscriptions.Add(subscription);
        return subscription;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var participant in services.GetServices<ILifecycleParticipant<ISiloLifecycle>>())
        {
            participant.Participate(this);
        }

        foreach (var subscription in _subscriptions.OrderBy(subscription => subscription.Stage).ToArray())
        {
            _started.Push(subscription);
            await subscription.Observer.OnStart(cancellationToken);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await StopDownTo(ServiceLifecycleStage.Active, cancellationToken);
        await runtime.StopAsync(cancellationToken);
        await StopDownTo(int.MinValue, cancellationToken);
    }

    private async Task StopDownTo(int stage, CancellationToken cancellationToken)
    {
        while (_started.TryPeek(out var subscription) && subscription.Stage >= stage)
        {
            _started.Pop();
            await subscription.Observer.OnStop(cancellationToken);
        }
    }

    private sealed record Subscription(int Stage, ILifecycleObserver Observer, List<Subscription> All) : IDisposable
    {
        public void Dispose() => All.Remove(this);
    }
}
