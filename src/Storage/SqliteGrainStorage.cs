using System.Globalization;
using Microsoft.Data.Sqlite;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Storage;

/// <summary>
/// Grain states in one SQLite file, for one process. A write returns once it is on the disk. Everything else of the control plane can be
/// rebuilt; this is what a kill -9 must not take.
/// </summary>
/// <param name="name">Under which name grains ask for it.</param>
/// <param name="options">Where and how much.</param>
public sealed class SqliteGrainStorage(string name, SqliteGrainStorageOptions options)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly IGrainStorageSerializer _serializer = options.Serializer ?? new StateJsonSerializer(options.Json);
    private FileLease? _lease;
    private WriteQueue? _writes;
    private StateReader? _reader;

    /// <summary>How the last write went; null before it is open. Nothing is tried for it: a store that is not written to cannot fail anybody.</summary>
    public StorageFinding? Finding => _writes?.Finding;

    /// <summary>Opens it before grains may run and closes it after the last is gone.</summary>
    public void Participate(ISiloLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(lifecycle);
        lifecycle.Subscribe($"{nameof(SqliteGrainStorage)}-{name}", ServiceLifecycleStage.RuntimeStorageServices, OpenAsync, _ => CloseAsync());
    }

    /// <summary>Takes the file for this process, and makes it when there is none.</summary>
    /// <exception cref="StorageException">It cannot be used; the message says why and what to do.</exception>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxWaitingWrites, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxWritesPerCommit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BusyTimeout, TimeSpan.FromSeconds(1));
        var path = options.Path = Path.GetFullPath(options.Path);
        MakeFolder(path);
        _lease = FileLease.Take(path);
        try
        {
            _writes = new(new StateWriter(path, options.BusyTimeout), options);
            _reader = new(path, options.BusyTimeout);
            return Task.CompletedTask;
        }
        catch (Exception exception)
        {
            _lease.Dispose();
            _lease = null;
            throw exception is SqliteException sqlite ? StorageException.From(path, sqlite) : exception;
        }
    }

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var reader = _reader ?? throw NotOpen();
        var (found, etag, state) = await Task.Run(() =>
            reader.Read(grainId.ToString(), stateName) is { } record
                ? (true, record.Etag, _serializer.Deserialize<T>(new BinaryData(record.Payload)))
                : (false, 0L, New<T>()));
        grainState.State = state;
        grainState.RecordExists = found;
        grainState.ETag = found ? etag.ToString(CultureInfo.InvariantCulture) : null;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var payload = _serializer.Serialize(grainState.State).ToArray();
        var etag = await Add(new(grainId.ToString(), stateName, Parse(grainState.ETag), payload));
        grainState.ETag = etag?.ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        await Add(new(grainId.ToString(), stateName, Parse(grainState.ETag), payload: null));
        grainState.State = New<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    /// <summary>Closes the file, after what waits is written.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync();

    private static long? Parse(string? etag) => etag is null ? null
        : long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new InconsistentStateException($"'{etag}' is not an ETag of this store.", null, etag);

    private static T? New<T>() =>
        typeof(T).IsValueType || typeof(T).GetConstructor(Type.EmptyTypes) is not null ? Activator.CreateInstance<T>() : default;

    private static void MakeFolder(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The store '{path}' cannot be made: its folder '{folder}' cannot. Make it, or give this user write access above it.", exception);
        }
    }

    private Task<long?> Add(Write write) => (_writes ?? throw NotOpen()).Add(write);

    private StorageException NotOpen() => new($"The store '{options.Path}' is not open.");

    private async Task CloseAsync()
    {
        // The reader first: only if the writer is the last to close does SQLite bring all of the log into the file.
        Interlocked.Exchange(ref _reader, null)?.Dispose();
        if (Interlocked.Exchange(ref _writes, null) is { } writes)
        {
            await writes.DisposeAsync();
        }

        Interlocked.Exchange(ref _lease, null)?.Dispose();
    }
}
