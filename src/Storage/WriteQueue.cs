using System.Diagnostics.Metrics;
using System.Threading.Channels;

namespace Mesh.Storage;

/// <summary>
/// Group commit: what arrives while one commit is on its way to the disk shares the next. A lone write does not wait for company.
/// Alternatives rejected: a commit per write (the disk then bounds the mesh to some hundreds of writes a second), and a timer that
/// collects writes (latency for nothing when there is one). The queue is bounded; its overflow action is to refuse.
/// </summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    private static readonly Meter Meter = new("Mesh.Storage");
    private static readonly Counter<long> Written = Meter.CreateCounter<long>("mesh.storage.writes", "{write}", "Writes that were committed or found stale.");
    private static readonly Counter<long> Commits = Meter.CreateCounter<long>("mesh.storage.commits", "{commit}", "Transactions.");
    private static readonly Counter<long> Failed = Meter.CreateCounter<long>("mesh.storage.failed", "{write}", "Writes that the disk failed.");
    private static readonly Counter<long> Refused = Meter.CreateCounter<long>("mesh.storage.refused", "{write}", "Writes refused because too many waited.");

    private readonly Channel<Write> _waiting;
    private readonly StateWriter _writer;
    private readonly int _limit;
    private readonly int _perCommit;
    private readonly string _path;
    private readonly Task _loop;
    private readonly TimeProvider _time;
    private volatile StorageFinding _finding;

    internal WriteQueue(StateWriter writer, SqliteGrainStorageOptions options)
    {
        _writer = writer;
        _path = options.Path;
        _time = options.Time;
        _finding = new(null, _time.GetUtcNow());
        _limit = options.MaxWaitingWrites;
        _perCommit = options.MaxWritesPerCommit;
        _waiting = Channel.CreateBounded<Write>(new BoundedChannelOptions(_limit) { SingleReader = true });
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>How the last commit went.</summary>
    internal StorageFinding Finding => _finding;

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
        _writer.Dispose();
    }

    /// <summary>Completes once the write is on the disk.</summary>
    internal Task<long?> Add(Write write)
    {
        if (_waiting.Writer.TryWrite(write))
        {
            return write.Done.Task;
        }

        if (_waiting.Reader.Completion.IsCompleted || _loop.IsCompleted)
        {
            throw new StorageException($"The store '{_path}' is closed.");
        }

        Refused.Add(1);
        throw new StorageException(
            $"The store '{_path}' is overloaded: {_limit} writes wait for the disk already. Slow down, use a faster disk, or raise {nameof(SqliteGrainStorageOptions.MaxWaitingWrites)}.");
    }

    private void Run()
    {
        var batch = new List<Write>(_perCommit);
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < _perCommit && _waiting.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            var committed = Commit(batch);
            Commits.Add(committed ? 1 : 0);
            (committed ? Written : Failed).Add(batch.Count);
            Note(committed ? null : batch);
            batch.Clear();
        }
    }

    private void Note(List<Write>? failed)
    {
        var failure = failed?[0].Done.Task.Exception?.InnerException?.Message;
        if (failure != _finding.Failure)
        {
            _finding = new(failure, (failure is null) == (_finding.Failure is null) ? _finding.Since : _time.GetUtcNow());
        }
    }

    private bool Commit(List<Write> batch)
    {
        try
        {
            return _writer.Commit(batch);
        }
        catch (Exception exception)
        {
            // Whoever waits must hear of it, and the next batch must find the loop alive.
            batch.ForEach(write => write.Done.TrySetException(new StorageException($"The store '{_path}' failed: {exception.Message}", exception)));
            return false;
        }
    }
}
