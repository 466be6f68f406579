namespace Mesh.Testing;

/// <summary>Waits for what must come true, for as long as a slow machine may need.</summary>
public static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Returns when the condition holds; fails with what was waited for when it never does.</summary>
    public static Task True(Func<bool> condition, string what) => True(() => Task.FromResult(condition()), what);

    /// <summary>Returns when the condition holds; fails with what was waited for when it never does.</summary>
    public static async Task True(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"It did not come true within {Limit}: {what}.");
            }

            await again.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>Awaits a task that must complete.</summary>
    public static Task Done(Task task) => task.WaitAsync(Limit);

    /// <summary>Awaits a task that must complete.</summary>
    public static Task<T> Done<T>(Task<T> task) => task.WaitAsync(Limit);
}
