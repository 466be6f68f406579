using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>
/// A grain's hold on one record. Operations run one after another even when the turns that ask for them interleave; a write that has not
/// begun serves all who ask for one before it does, for it writes the state as it is when it begins.
/// </summary>
internal sealed class PersistentState<TState> : IPersistentState<TState>
{
    private readonly Activation _activation;
    private readonly string _name;
    private readonly IGrainStorage _storage;
    private readonly GrainState<TState> _record = new(New());
    private Task _last = Task.CompletedTask;
    private Task? _nextWrite;

    internal PersistentState(Activation activation, PersistentStateAttribute wanted)
    {
        var services = activation.ActivationServices;
        _activation = activation;
        _name = wanted.StateName;
        _storage = (string.IsNullOrWhiteSpace(wanted.StorageName)
            ? services.GetService<IGrainStorage>()
            : services.GetKeyedService<IGrainStorage>(wanted.StorageName))
            ?? throw new OrleansException(string.IsNullOrWhiteSpace(wanted.StorageName)
                ? $"No default storage provider found loading grain type {activation.GrainId.Type}."
                : $"No storage provider named \"{wanted.StorageName}\" found loading grain type {activation.GrainId.Type}.");
        activation.StateReaders.Add(ReadStateAsync);
    }

    public TState State
    {
        get => Checked().State!;
        set => Checked().State = value;
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _record.RecordExists;

    public Task ReadStateAsync() => Queue("ReadStateAsync", () => _storage.ReadStateAsync(_name, _activation.GrainId, _record));

    public Task ClearStateAsync() => Queue("ClearStateAsync", () => _storage.ClearStateAsync(_name, _activation.GrainId, _record));

    public Task WriteStateAsync() => _nextWrite ??= Queue("WriteStateAsync", () =>
    {
        _nextWrite = null;
        return _storage.WriteStateAsync(_name, _activation.GrainId, _record);
    });

    private static TState New() =>
        typeof(TState).IsValueType || typeof(TState).GetConstructor(Type.EmptyTypes) is not null ? Activator.CreateInstance<TState>() : default!;

    private GrainState<TState> Checked() => RuntimeContext.Current == _activation
        ? _record
        : throw new InvalidOperationException($"The state '{_name}' of {_activation.GrainId} was touched from outside its activation: after Task.Run or ConfigureAwait(false).");

    private Task Queue(string operation, Func<Task> run)
    {
        Checked();
        return _last = RunAfter(_last, operation, run);
    }

    private async Task RunAfter(Task before, string operation, Func<Task> run)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);
        try
        {
            await run();
        }
        catch (Exception exception)
        {
            var message = $"Error from storage provider {_storage.GetType().Name}.{_name} during {operation} for grain {_activation.GrainId}";
            _activation.Runtime.Log.LogError(exception, "{Message}", message);
            if (exception is OrleansException)
            {
                ExceptionDispatchInfo.Throw(exception);
            }

            throw new OrleansException(message, exception);
        }
    }
}
