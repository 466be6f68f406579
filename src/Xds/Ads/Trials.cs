namespace Mesh.Xds.Ads;

/// <summary>
/// Finds out which resources of a refused response are the bad ones, when the client's words do not tell: by halves. Each group is sent without the others; what is
/// accepted is cleared, what is refused is halved again, and a group of one is the culprit. One trial at a time, so that each answer means one thing. With b bad
/// ones among n it takes some 2 b log n responses. Rejected: each one alone, which is n responses for one bad resource; and blaming all, which keeps back the good.
/// </summary>
internal sealed class Trials
{
    private readonly Stack<IReadOnlyList<string>> _groups = new();
    private long _under;

    /// <summary>Whether the next group is to be sent.</summary>
    public bool Due => _under == 0 && _groups.Count > 0;

    /// <summary>Has two halves tried one after the other.</summary>
    public void Halve(IReadOnlyList<string> names)
    {
        var half = (names.Count + 1) / 2;
        foreach (var group in (ReadOnlySpan<IReadOnlyList<string>>)[[.. names.Skip(half)], [.. names.Take(half)]])
        {
            if (group.Count > 0)
            {
                _groups.Push(group);
            }
        }
    }

    /// <summary>The next group; only when one is due.</summary>
    public IReadOnlyList<string> Take() => _groups.Pop();

    /// <summary>The group that was taken last is under way.</summary>
    public void Began(long nonce) => _under = nonce;

    /// <summary>A response was answered; with it all that were sent before.</summary>
    public void Answered(long nonce)
    {
        if (nonce >= _under)
        {
            _under = 0;
        }
    }
}
