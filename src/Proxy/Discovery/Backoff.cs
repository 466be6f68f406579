namespace Mesh.Proxy.Discovery;

/// <summary>How long to wait before the next attempt to reach the control plane: growing, bounded, and spread by chance so that not all proxies come at once.</summary>
/// <param name="First">Before the second attempt.</param>
/// <param name="Most">The longest wait, before it is spread.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Most)
{
    /// <summary>The wait.</summary>
    /// <param name="failures">Attempts that failed in a row; 0 when the last one worked for a while.</param>
    /// <param name="roll">In [0, 1): from half of the wait to all of it and half more.</param>
    public TimeSpan Wait(int failures, double roll) =>
        Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 20)), Most.TotalMilliseconds) * TimeSpan.FromMilliseconds(0.5 + roll);
}
