namespace Mesh.Xds.Ads;

/// <summary>
/// Which responses of one type wait for an answer. Responses are not held back until the one before is answered, since that would put a round trip
/// between two ejections; so several may be under way, and an answer may be to any of them.
/// </summary>
internal sealed class ResponseHistory(int capacity)
{
    private readonly Queue<(string Nonce, string Version)> _unanswered = new();

    public string? LastNonce { get; private set; }

    public string? Sent { get; private set; }

    public string? Accepted { get; private set; }

    public string? Error { get; private set; }

    public bool Waiting => _unanswered.Count > 0;

    public void Add(string nonce, string version)
    {
        if (_unanswered.Count == capacity)
        {
            _unanswered.Dequeue();
        }

        _unanswered.Enqueue((nonce, version));
        LastNonce = nonce;
        Sent = version;
    }

    /// <summary>Notes an answer. Null when the nonce is none that waits: a repeat, or an answer to something forgotten.</summary>
    public string? Answer(string nonce, string? error)
    {
        var waits = false;
        foreach (var response in _unanswered)
        {
            waits |= response.Nonce == nonce;
        }

        if (!waits)
        {
            return null;
        }

        string version;
        (string Nonce, string Version) next;
        do
        {
            next = _unanswered.Dequeue();
            version = next.Version;
        }
        while (next.Nonce != nonce);

        Error = error;
        Accepted = error is null ? version : Accepted;
        return version;
    }
}
