namespace Mesh.Gateway.Streams;

/// <summary>
/// How fast one client's messages are read. A message that is not read is not acknowledged, and HTTP/2's flow control makes the client wait: so one that talks
/// without end costs what the limit says and no more, and need not be cut off.
/// </summary>
/// <param name="perSecond">Messages in a second.</param>
/// <param name="time">The clock.</param>
/// <param name="throttled">Called each time that the client has to wait.</param>
internal sealed class ReadingPace(int perSecond, TimeProvider time, Action throttled)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private long _since = time.GetTimestamp();
    private int _read;

    /// <summary>A message was read; completes when the next one may be.</summary>
    public ValueTask Read(CancellationToken cancellationToken)
    {
        var elapsed = time.GetElapsedTime(_since);
        if (elapsed >= Second)
        {
            (_since, _read) = (time.GetTimestamp(), 0);
        }

        return ++_read < perSecond ? ValueTask.CompletedTask : Wait(Second - elapsed, cancellationToken);
    }

    private async ValueTask Wait(TimeSpan left, CancellationToken cancellationToken)
    {
        throttled();
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, time, cancellationToken);
        }

        (_since, _read) = (time.GetTimestamp(), 0);
    }
}
