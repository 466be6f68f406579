namespace Mesh.Grains.Services;

/// <summary>
/// What the services of one process may spend together on looking at their endpoints again. Nothing has changed at nearly all of them, so beyond a number of
/// looks a second the period grows instead: a silo with a hundred thousand endpoints would otherwise spend a tenth of a core, and its caches, on finding nothing.
/// </summary>
public sealed class LookBudget(GrainSettings settings)
{
    private long _endpoints;

    /// <summary>By how much the period is longer than <see cref="GrainSettings.LookAgain"/>; 1 or more.</summary>
    public double Stretch => Math.Max(1, Volatile.Read(ref _endpoints) / (settings.LooksPerSecond * settings.LookAgain.TotalSeconds));

    /// <summary>A service has more endpoints than before, or fewer.</summary>
    public void Add(int endpoints) => Interlocked.Add(ref _endpoints, endpoints);
}
