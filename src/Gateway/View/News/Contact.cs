namespace Mesh.Gateway.View.News;

/// <summary>
/// Whether this gateway is in touch with the mesh. A gateway that was frozen, or is cut off, still has a picture of everything, and it looks like any other; so
/// what it says to who comes newly must wait until it has caught up. It is out of touch as soon as the clock says so, whoever looks first, and comes back only
/// when all was asked after that moment and what had changed was fetched.
/// </summary>
/// <remarks>Times are spans of a monotonic clock that goes on while the process is stopped. Any thread may call it.</remarks>
internal sealed class Contact(TimeSpan staleAfter)
{
    private readonly Lock _gate = new();
    private TimeSpan? _lostAt;
    private int _owed;

    /// <summary>Looks at the clock; false while out of touch.</summary>
    /// <param name="now">By the clock.</param>
    /// <param name="inTouchAt">When it was last in touch.</param>
    public bool Look(TimeSpan now, TimeSpan inTouchAt)
    {
        lock (_gate)
        {
            if (_lostAt is null && now - inTouchAt > staleAfter)
            {
                _lostAt = now;
            }

            return _lostAt is null;
        }
    }

    /// <summary>Notes something to be fetched before it is in touch again; false while it is in touch, and nothing has to be noted.</summary>
    public bool Owe()
    {
        lock (_gate)
        {
            _owed += _lostAt is null ? 0 : 1;
            return _lostAt is not null;
        }
    }

    /// <summary>What was noted has been fetched, or tried.</summary>
    public void Paid()
    {
        lock (_gate)
        {
            _owed--;
        }
    }

    /// <summary>Comes back if all was asked since it was lost, and what came of that is fetched; true when it just did.</summary>
    /// <param name="now">By the clock.</param>
    /// <param name="inTouchAt">When it was last in touch.</param>
    /// <param name="caughtUp">Whether everybody was asked at this time or later.</param>
    public bool Return(TimeSpan now, TimeSpan inTouchAt, Func<TimeSpan, bool> caughtUp)
    {
        lock (_gate)
        {
            if (_lostAt is not { } lost || _owed > 0 || now - inTouchAt > staleAfter || inTouchAt < lost || !caughtUp(lost))
            {
                return false;
            }

            _lostAt = null;
            return true;
        }
    }
}
