namespace Mesh.Grains.Persistence;

/// <summary>
/// One at a time for each key, in order of arrival. A reentrant grain uses it so that two operations on the same endpoint do not
/// overtake each other between their steps, while those on different endpoints share writes.
/// </summary>
/// <remarks>Rejected: a grain without reentrancy, where each registration waits for the disk alone.</remarks>
internal sealed class Turns
{
    private readonly Dictionary<string, Task> _last = new(StringComparer.Ordinal);

    /// <summary>Runs <paramref name="work"/> when all that came before it under this key has ended, well or badly.</summary>
    public async Task<T> Take<T>(string key, Func<Task<T>> work)
    {
        var mine = Run(_last.GetValueOrDefault(key), work);
        _last[key] = mine;
        try
        {
            return await mine;
        }
        finally
        {
            if (_last.GetValueOrDefault(key) == mine)
            {
                _last.Remove(key);
            }
        }
    }

    /// <summary>The same for work that has nothing to say.</summary>
    public Task Take(string key, Func<Task> work) => Take(key, async () =>
    {
        await work();
        return true;
    });

    private static async Task<T> Run<T>(Task? before, Func<Task<T>> work)
    {
        if (before is not null)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        return await work();
    }
}
