using Grpc.Core;
using Mesh.Gateway.Streams;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>The piece of work that sends, against an outbox and a client that do as they are told.</summary>
public sealed class AdsWriterTests : IDisposable
{
    private readonly StreamOptions _options = new() { ConcurrentFirstPushes = 1 };
    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly FirstPushes _firstPushes;
    private readonly Outbox _outbox = new();
    private readonly Client _client = new();

    public AdsWriterTests() => _firstPushes = new(_options, _time);

    public void Dispose()
    {
        _ending.Dispose();
        _firstPushes.Dispose();
    }

    [Fact]
    public async Task Nothing_is_written_before_the_start_and_everything_that_waited_after_it()
    {
        var writer = Writer();
        _outbox.Put("a");
        writer.Wake();
        Assert.Empty(_client.Written);
        writer.Start();
        await Eventually.True(() => _client.Written.Count == 1);
    }

    [Fact]
    public async Task Whatever_is_put_before_a_wake_is_written_after_it()
    {
        var writer = Started();
        for (var i = 0; i < 10_000; i++)
        {
            _outbox.Put($"{i}");
            writer.Wake();
        }

        await Eventually.True(() => _client.Written.Count == 10_000);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"{i}"), _client.Written.Select(response => response.Version));
        await writer.Stop();
    }

    [Fact]
    public async Task A_client_that_is_slow_is_waited_for_and_then_gets_the_rest()
    {
        var writer = Started();
        var slow = _client.Stall();
        _outbox.Put("a");
        _outbox.Put("b");
        writer.Wake();
        await Eventually.True(() => _client.Written.Count == 1);
        Assert.Empty(_outbox.Done);
        slow.SetResult();
        await Eventually.True(() => _client.Written.Count == 2);
    }

    [Fact]
    public async Task A_client_that_does_not_read_for_too_long_is_closed()
    {
        var writer = Started();
        var slow = _client.Stall();
        _outbox.Put("a");
        writer.Wake();
        await Eventually.True(() =>
        {
            _time.Advance(_options.WriteTimeout);
            return writer.Failed.IsFaulted;
        });
        Assert.Equal(StatusCode.Aborted, (await Assert.ThrowsAnyAsync<RpcException>(() => writer.Failed)).StatusCode);

        // The write is still under way, and the stream must not end under it.
        var stopping = writer.Stop();
        Assert.False(stopping.IsCompleted);
        slow.SetCanceled();
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task A_write_that_fails_ends_the_stream_with_its_reason()
    {
        var writer = Started();
        _client.Stall().SetException(new IOException("gone"));
        _outbox.Put("a");
        writer.Wake();
        await Assert.ThrowsAsync<IOException>(() => writer.Failed.WaitAsync(Eventually.Limit));
        await writer.Stop().WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Nothing_is_written_after_the_end()
    {
        var writer = Started();
        await writer.Stop();
        _outbox.Put("a");
        writer.Wake();
        writer.Start();
        Assert.True(writer.Stop().IsCompleted);
        Assert.Empty(_client.Written);
    }

    [Fact]
    public async Task Only_so_many_first_responses_are_on_their_way_at_once_and_the_next_goes_when_one_is_read()
    {
        var (other, otherClient) = (new Outbox(), new Client());
        var slow = _client.Stall();
        _outbox.Put("a", isFirst: true);
        Started();
        await Eventually.True(() => _client.Written.Count == 1);

        other.Put("b", isFirst: true);
        var second = new AdsWriter(other, otherClient, _firstPushes, _options, _time, _ending.Token);
        second.Start();
        await Eventually.True(() => other.Taken == 1);
        Assert.Empty(otherClient.Written);
        slow.SetResult();
        await Eventually.True(() => otherClient.Written.Count == 1);
    }

    [Fact]
    public async Task A_change_does_not_wait_behind_first_responses()
    {
        _client.Stall();
        _outbox.Put("a", isFirst: true);
        Started();
        await Eventually.True(() => _client.Written.Count == 1);

        var (other, otherClient) = (new Outbox(), new Client());
        other.Put("b");
        new AdsWriter(other, otherClient, _firstPushes, _options, _time, _ending.Token).Start();
        await Eventually.True(() => otherClient.Written.Count == 1);
    }

    [Fact]
    public async Task A_client_that_does_not_read_its_first_response_keeps_the_others_out_for_a_short_time_only()
    {
        _client.Stall();
        _outbox.Put("a", isFirst: true);
        Started();
        await Eventually.True(() => _client.Written.Count == 1);

        var (other, otherClient) = (new Outbox(), new Client());
        other.Put("b", isFirst: true);
        new AdsWriter(other, otherClient, _firstPushes, _options, _time, _ending.Token).Start();
        await Eventually.True(() =>
        {
            _time.Advance(_options.FirstPushTime);
            return otherClient.Written.Count == 1;
        });
    }

    [Fact]
    public async Task Who_leaves_while_waiting_for_a_place_takes_none()
    {
        var slow = _client.Stall();
        _outbox.Put("a", isFirst: true);
        Started();
        await Eventually.True(() => _client.Written.Count == 1);

        using var leaving = new CancellationTokenSource();
        var (other, otherClient) = (new Outbox(), new Client());
        other.Put("b", isFirst: true);
        var second = new AdsWriter(other, otherClient, _firstPushes, _options, _time, leaving.Token);
        second.Start();
        await Eventually.True(() => other.Taken == 1);
        await leaving.CancelAsync();
        await second.Stop().WaitAsync(Eventually.Limit);
        slow.SetResult();
        await Eventually.True(_firstPushes.TryEnter);
        Assert.Empty(otherClient.Written);
    }

    private AdsWriter Writer() => new(_outbox, _client, _firstPushes, _options, _time, _ending.Token);

    private AdsWriter Started()
    {
        var writer = Writer();
        writer.Start();
        return writer;
    }

    private sealed class Outbox : IAdsOutbox
    {
        private readonly Queue<Push> _waiting = new();

        public List<Push> Done { get; } = [];

        public int Taken { get; private set; }

        public void Put(string version, bool isFirst = false)
        {
            lock (_waiting)
            {
                _waiting.Enqueue(new Push(new EncodedResponse(ResourceType.Endpoints, version, "1", []), isFirst, default));
            }
        }

        public Push? Next()
        {
            lock (_waiting)
            {
                Taken += _waiting.Count > 0 ? 1 : 0;
                return _waiting.TryDequeue(out var next) ? next : null;
            }
        }

        public void Sent(in Push push, TimeSpan took)
        {
            lock (_waiting)
            {
                Done.Add(push);
            }
        }
    }

    private sealed class Client : IServerStreamWriter<EncodedResponse>
    {
        private readonly List<EncodedResponse> _written = [];
        private TaskCompletionSource? _stalled;

        public WriteOptions? WriteOptions { get; set; }

        public IReadOnlyList<EncodedResponse> Written
        {
            get
            {
                lock (_written)
                {
                    return [.. _written];
                }
            }
        }

        /// <summary>The next write completes when the test says so.</summary>
        public TaskCompletionSource Stall() => _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task WriteAsync(EncodedResponse message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(EncodedResponse message, CancellationToken cancellationToken)
        {
            lock (_written)
            {
                _written.Add(message);
            }

            return Interlocked.Exchange(ref _stalled, null)?.Task ?? Task.CompletedTask;
        }
    }
}
