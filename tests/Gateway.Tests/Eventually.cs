using System.Diagnostics;
using Xunit;

namespace Mesh.Gateway.Tests;

/// <summary>Waits for a condition, with a limit that only a broken build reaches.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static Task True(Func<bool> condition, string? what = null) => True(() => Task.FromResult(condition()), what);

    public static async Task True(Func<Task<bool>> condition, string? what = null)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await condition())
        {
            Assert.True(watch.Elapsed < Limit, what ?? "The condition did not come true.");
            await timer.WaitForNextTickAsync();
        }
    }
}
