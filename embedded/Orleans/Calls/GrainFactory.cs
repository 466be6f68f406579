using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>Makes references.</summary>
internal sealed class EmbeddedGrainFactory(GrainRuntime runtime) : IGrainFactory
{
    private readonly ConcurrentDictionary<GrainId, ObserverTarget> _observers = new();

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        Refer<TGrainInterface>(GrainId.Create(runtime.Types.Of(typeof(TGrainInterface), grainClassNamePrefix), primaryKey), null);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => Refer<TGrainInterface>(
            GrainId.Create(runtime.Types.Of(typeof(TGrainInterface), grainClassNamePrefix), primaryKey.ToString("X", CultureInfo.InvariantCulture)), null);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => Refer<TGrainInterface>(grainId, _observers.GetValueOrDefault(grainId));

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ArgumentNullException.ThrowIfNull(obj);
        if (obj is GrainReference or IGrainBase)
        {
            throw new ArgumentException("Argument obj is a grain or a reference already.", nameof(obj));
        }

        var id = GrainId.Create("sys.observer", Guid.NewGuid().ToString("N"));
        var target = new ObserverTarget(obj, runtime.Platform?.Observers ?? TaskScheduler.Default);
        _observers[id] = target;
        return Refer<TGrainObserverInterface>(id, target);
    }

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        if (obj is not GrainReference reference)
        {
            throw new ArgumentException("Argument reference is not a grain reference.", nameof(obj));
        }

        if (!_observers.TryRemove(reference.GrainId, out var target))
        {
            throw new ArgumentException("Reference is not associated with a local object.", nameof(obj));
        }

        target.Delete();
    }

    internal T Refer<T>(GrainId id, ObserverTarget? target)
    {
        var proxy = DispatchProxy.Create<T, GrainProxy>();
        ((GrainReference)(object)proxy!).Bind(runtime, id, target);
        return proxy;
    }
}

/// <summary>An object behind a reference: its calls run one at a time, in order, on the thread pool.</summary>
internal sealed class ObserverTarget
{
    private WeakReference<object>? _object;

    internal ObserverTarget(object observer, TaskScheduler scheduler)
    {
        Queue = new(scheduler, activation: null, reentrant: false);
        _object = new(observer);
        Queue.Open();
    }

    internal TurnQueue Queue { get; }

    /// <summary>Null when it was deleted or collected: a call to it is dropped, and one that expects an answer times out.</summary>
    internal object? Object => _object is { } weak && weak.TryGetTarget(out var target) ? target : null;

    internal void Delete() => _object = null;
}
