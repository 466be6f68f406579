using Mesh.Contracts;
using Mesh.Gateway.Calls;
using Mesh.Grains.Persistence;
using Mesh.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Gateway.Tests.Calls;

public class GrainCallsTests
{
    private static readonly GrainCallOptions Quick = new() { FirstPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(2) };

    private int _calls;

    public static TheoryData<Exception> Lost =>
    [
        new TimeoutException(), new OrleansException("the silo is gone"), new InconsistentStateException("taken over"),
        new OrleansException("Error from storage provider x during y", new InconsistentStateException("taken over")),
    ];

    public static TheoryData<Exception> Store =>
    [
        new StorageException("The disk is full."), new StoreAwayException("The store is away."),
        new OrleansException("Error from storage provider x during y", new StorageException("The disk is full.")),
    ];

    [Theory]
    [MemberData(nameof(Lost))]
    public async Task A_call_that_got_lost_is_made_again(Exception failure)
    {
        Assert.Equal(3, await Calls(Quick).Call(() => Fails(failure, 2), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_call_that_is_not_answered_is_made_again()
    {
        var answer = await Calls(Quick with { Try = TimeSpan.FromMilliseconds(1) }).Call(
            () => ++_calls == 1 ? new TaskCompletionSource<int>().Task : Task.FromResult(_calls), TestContext.Current.CancellationToken);

        Assert.Equal(2, answer);
    }

    [Theory]
    [MemberData(nameof(Lost))]
    public async Task After_the_limit_the_caller_hears_of_it(Exception failure)
    {
        var thrown = await Record.ExceptionAsync(() => Calls(Quick with { Limit = TimeSpan.Zero }).Call(() => Fails(failure, int.MaxValue), TestContext.Current.CancellationToken));

        Assert.Same(failure, thrown);
        Assert.Equal(GrainFailure.Lost, GrainFailures.Of(failure));
        Assert.Equal(1, _calls);
    }

    [Theory]
    [MemberData(nameof(Store))]
    public async Task A_store_that_is_away_is_not_waited_for(Exception failure)
    {
        var thrown = await Record.ExceptionAsync(() => Calls(Quick with { Store = TimeSpan.Zero, Limit = TimeSpan.FromHours(1) }).Call(() => Fails(failure, int.MaxValue), TestContext.Current.CancellationToken));

        Assert.Same(failure, thrown);
        Assert.Equal(GrainFailure.Store, GrainFailures.Of(failure));
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task A_mistake_is_made_once()
    {
        var mistake = new RowFormatException("ServiceRow", 3, 2);

        Assert.Same(mistake, await Record.ExceptionAsync(() => Calls(Quick).Call(() => Fails(mistake, int.MaxValue), TestContext.Current.CancellationToken)));
        Assert.Equal(1, _calls);
        Assert.Equal(GrainFailure.Mistake, GrainFailures.Of(new ArgumentException("no")));
    }

    private static GrainCalls Calls(GrainCallOptions options) => new(options, TimeProvider.System, NullLogger<GrainCalls>.Instance);

    private Task<int> Fails(Exception failure, int times) => ++_calls <= times ? Task.FromException<int>(failure) : Task.FromResult(_calls);
}
