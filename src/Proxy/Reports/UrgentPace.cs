namespace Mesh.Proxy.Reports;

/// <summary>
/// How often failures may leave ahead of the interval. The first few decide whether an endpoint is ejected, so they leave at once; one that goes on
/// failing and is not ejected must not make each proxy send a hundred reports a second. A bucket of tokens gives both. Rejected: a gap between
/// reports, which would have to be short enough for the first failures and long enough for all others.
/// </summary>
/// <param name="burst">How many may leave one after the other.</param>
/// <param name="every">One more after so long.</param>
/// <param name="time">The clock.</param>
public sealed class UrgentPace(int burst, TimeSpan every, TimeProvider time)
{
    private double _tokens = burst;
    private long _at = time.GetTimestamp();

    /// <summary>How long to wait before the next may leave; zero or less for not at all.</summary>
    public TimeSpan Wait()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_at, now) / every));
        _at = now;
        return (1 - _tokens) * every;
    }

    /// <summary>One leaves.</summary>
    public void Spend() => _tokens--;
}
