namespace Mesh.Xds.Encoding;

/// <summary>
/// How far one change has got: how many streams were sent it and have not answered. One object hangs on all resources that the change made, so that an answer
/// costs one interlocked subtraction: no lookup, no lock, no allocation. Any number of threads.
/// </summary>
/// <param name="changedAt">When the change was made.</param>
public sealed class ChangeDelivery(DateTimeOffset changedAt)
{
    private int _begun;
    private int _unanswered;
    private long _settledTicks;

    /// <summary>When the change was made.</summary>
    public DateTimeOffset ChangedAt => changedAt;

    /// <summary>
    /// When the last answer came that left nobody who owes one; null as long as somebody does. Others may be sent the change after that, so only after a while is
    /// it the end.
    /// </summary>
    public DateTimeOffset? SettledAt =>
        Volatile.Read(ref _unanswered) == 0 && Volatile.Read(ref _settledTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>One more stream is sent it; true for the first.</summary>
    public bool Sent()
    {
        Interlocked.Increment(ref _unanswered);
        return Volatile.Read(ref _begun) == 0 && Interlocked.Exchange(ref _begun, 1) == 0;
    }

    /// <summary>A stream that was sent it has answered, with yes or no, or has ended.</summary>
    public void Answered(TimeProvider time)
    {
        if (Interlocked.Decrement(ref _unanswered) == 0)
        {
            Volatile.Write(ref _settledTicks, time.GetUtcNow().UtcTicks);
        }
    }
}
