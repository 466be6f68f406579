namespace Mesh.Core.Health;

/// <summary>
/// When an endpoint is checked: at moments that are an interval apart, and shifted for each endpoint by a hash of what it is.
/// <para>
/// So thousands of endpoints that were registered in one moment, or that wake together after a restart, are checked evenly over the
/// interval; the same everywhere, without chance, and without anybody's keeping a list. The moments lie on a grid of
/// <see cref="Batch"/>: to wake a thread costs more than to make a check, so a few are made at each waking.
/// </para>
/// <para>Rejected: jitter, as in Envoy. It needs chance, drifts, and spreads only as well as it was rolled.</para>
/// </summary>
internal static class CheckSchedule
{
    /// <summary>The shortest interval, whatever a policy says.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>What is due within this is due together; of a short interval, a twentieth.</summary>
    public static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(50);

    /// <summary>The endpoint's first moment after a time.</summary>
    public static DateTimeOffset Next(EndpointSpec spec, TimeSpan interval, DateTimeOffset after)
    {
        var width = Math.Max(interval.Ticks, Shortest.Ticks);
        var batch = Math.Min(width / 20, Batch.Ticks);
        var phase = (long)(Hash(spec) % (ulong)width) / batch * batch;
        var missing = width - ((after.UtcTicks - phase) % width + width) % width;
        return new((long)Int128.Min((Int128)after.UtcTicks + missing, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
    }

    /// <summary>FNV-1a, and a final mix, because it is the low bits that count. The place goes in too: ids like <c>a</c> occur in every service.</summary>
    private static ulong Hash(EndpointSpec spec)
    {
        var hash = 14695981039346656037UL;
        Add(spec.Id);
        Add(spec.Address);
        hash = (hash ^ (uint)spec.Port) * 1099511628211UL;
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        return (hash ^ (hash >> 33)) >> 1;

        void Add(string text)
        {
            foreach (var letter in text)
            {
                hash = (hash ^ letter) * 1099511628211UL;
            }
        }
    }
}
