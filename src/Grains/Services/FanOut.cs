namespace Mesh.Grains.Services;

/// <summary>Does something for each of many, a bounded number at a time, on the caller's own scheduler.</summary>
internal static class FanOut
{
    /// <summary>Answers in the order of the items. The first failure is thrown once all that had begun has ended.</summary>
    public static async Task<TResult[]> Each<T, TResult>(IReadOnlyList<T> items, int width, Func<T, Task<TResult>> work)
    {
        var results = new TResult[items.Count];
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(width, items.Count)).Select(_ => Worker()));
        return results;

        async Task Worker()
        {
            while (next < items.Count)
            {
                var mine = next++;
                results[mine] = await work(items[mine]);
            }
        }
    }

    /// <summary>The same for work that has nothing to say.</summary>
    public static Task Each<T>(IReadOnlyList<T> items, int width, Func<T, Task> work) => Each(items, width, async item =>
    {
        await work(item);
        return true;
    });
}
