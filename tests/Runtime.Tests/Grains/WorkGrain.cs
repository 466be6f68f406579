using System.Diagnostics;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Mesh.Runtime.Tests.Grains;

public interface IWork : IGrainWithStringKey
{
    Task<string> Echo(string word);

    ValueTask<int> Add(int a, int b);

    Task<int?> Nothing();

    /// <summary>Begins, waits at the gate, ends.</summary>
    Task Slow(string name);

    /// <summary>Adds one to a counter in two steps with awaits between them.</summary>
    Task Increment();

    Task<int> Count();

    [AlwaysInterleave]
    Task Interleaved(string name);

    [OneWay]
    Task Tell(string name);

    [OneWay]
    Task TellAndFail();

    Task Throw(string kind, bool synchronously);

    Task<string> WaitFor(string name, CancellationToken cancellationToken);

    Task<bool> CancelledInsideTheGrain(CancellationToken cancellationToken);

    Task<string?> TraceId();

    /// <summary>Calls another grain, which calls back to this one.</summary>
    Task CallThrough(string other);

    Task CallBack(string first);

    Task<string> WhereAwaitsResume();
}

public class WorkGrain : Grain, IWork
{
    private int _count;

    private Trail Trail => Trail.Of(this.GetPrimaryKeyString());

    public Task<string> Echo(string word) => Task.FromResult($"{word} from {this.GetPrimaryKeyString()}");

    public ValueTask<int> Add(int a, int b) => ValueTask.FromResult(a + b);

    public Task<int?> Nothing() => Task.FromResult<int?>(null);

    public Task Slow(string name) => Stay(name);

    public async Task Increment()
    {
        Trail.Enter();
        var read = _count;
        await Task.Yield();
        await Task.Run(() => { });
        _count = read + 1;
        Trail.Leave();
    }

    public Task<int> Count() => Task.FromResult(_count);

    public Task Interleaved(string name)
    {
        Trail.Add(name);
        return Task.CompletedTask;
    }

    public Task Tell(string name) => Stay(name);

    public Task TellAndFail()
    {
        Trail.Add("told");
        throw new InvalidOperationException("nobody hears this");
    }

    public Task Throw(string kind, bool synchronously)
    {
        Exception exception = kind switch
        {
            "argument" => new ArgumentException("the kind is bad", nameof(kind)),
            "cancelled" => new OperationCanceledException("enough"),
            _ => new InvalidOperationException(kind),
        };
        return synchronously ? throw exception : Task.FromException(exception);
    }

    public async Task<string> WaitFor(string name, CancellationToken cancellationToken)
    {
        Trail.Add($"{name} begins");
        try
        {
            await Trail.Gate.WaitAsync(cancellationToken);
            return "finished";
        }
        catch (OperationCanceledException)
        {
            Trail.Add($"{name} cancelled");
            throw;
        }
    }

    public async Task<bool> CancelledInsideTheGrain(CancellationToken cancellationToken)
    {
        var inside = new TaskCompletionSource<bool>();
        var here = TaskScheduler.Current;
        await using var registration = cancellationToken.Register(() => inside.TrySetResult(TaskScheduler.Current == here));
        Trail.Add("waits");
        var result = await inside.Task;
        Trail.Add($"cancelled inside: {result}");
        return result;
    }

    public Task<string?> TraceId() => Task.FromResult(Activity.Current?.TraceId.ToString());

    public Task CallThrough(string other) => GrainFactory.GetGrain<IWork>(other).CallBack(this.GetPrimaryKeyString());

    public Task CallBack(string first) => GrainFactory.GetGrain<IWork>(first).Echo("back");

    public async Task<string> WhereAwaitsResume()
    {
        var here = TaskScheduler.Current;
        await Task.Run(() => { });
        var afterRun = TaskScheduler.Current == here;
        await Task.Yield();
        return $"{here != TaskScheduler.Default}, {afterRun}, {TaskScheduler.Current == here}";
    }

    private async Task Stay(string name)
    {
        Trail.Add($"{name} begins");
        await Trail.Gate;
        Trail.Add($"{name} ends");
    }
}

public interface IReentrantWork : IGrainWithStringKey
{
    Task Slow(string name);
}

[Reentrant]
public class ReentrantWorkGrain : Grain, IReentrantWork
{
    public async Task Slow(string name)
    {
        var trail = Trail.Of(this.GetPrimaryKeyString());
        trail.Add($"{name} begins");
        await trail.Gate;
        trail.Add($"{name} ends");
    }
}
