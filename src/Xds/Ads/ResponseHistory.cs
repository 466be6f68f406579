using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <summary>An answered response.</summary>
/// <param name="Sent">The response.</param>
/// <param name="Skipped">Responses before it that were never answered themselves.</param>
/// <param name="Latest">Whether nothing was sent after it.</param>
internal readonly record struct AnsweredResponse(SentResponse Sent, IReadOnlyList<SentResponse> Skipped, bool Latest);

/// <summary>A response that may be answered.</summary>
/// <param name="Nonce">Its nonce.</param>
/// <param name="Version">Its version.</param>
/// <param name="Suspects">What it changes at the client.</param>
/// <param name="Removed">Names of what it takes away; delta only.</param>
internal readonly record struct SentResponse(long Nonce, string Version, IReadOnlyList<EncodedResource> Suspects, IReadOnlyList<string> Removed);

/// <summary>
/// Which responses of one type wait for an answer. Responses are not held back until the one before is answered, since that would put a round trip
/// between two ejections; so several may be under way, and an answer may be to any of them.
/// </summary>
internal sealed class ResponseHistory(int capacity, int mostSuspects)
{
    private readonly Queue<SentResponse> _unanswered = new();
    private int _suspects;

    public long LastNonce { get; private set; }

    public string? Sent { get; private set; }

    public string? Accepted { get; private set; }

    public string? Error { get; private set; }

    /// <summary>How many responses were forgotten before anything was said of them.</summary>
    public long Forgotten { get; private set; }

    public bool Waiting => _unanswered.Count > 0;

    /// <summary>Remembers a response. The oldest are forgotten when there are too many, or when they carried too much together.</summary>
    public void Add(long nonce, string version, IReadOnlyList<EncodedResource> suspects, IReadOnlyList<string> removed)
    {
        while (_unanswered.Count == capacity || (_unanswered.Count > 0 && _suspects + suspects.Count > mostSuspects))
        {
            _suspects -= _unanswered.Dequeue().Suspects.Count;
            Forgotten++;
        }

        _unanswered.Enqueue(new SentResponse(nonce, version, suspects, removed));
        _suspects += suspects.Count;
        LastNonce = nonce;
        Sent = version;
    }

    /// <summary>Notes an answer. Null when the nonce is none that waits: a repeat, or an answer to something forgotten.</summary>
    public AnsweredResponse? Answer(long nonce, string? error)
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

        List<SentResponse>? skipped = null;
        while (true)
        {
            var next = _unanswered.Dequeue();
            _suspects -= next.Suspects.Count;
            if (next.Nonce == nonce)
            {
                Error = error;
                Accepted = error is null ? next.Version : Accepted;
                return new AnsweredResponse(next, skipped ?? (IReadOnlyList<SentResponse>)[], _unanswered.Count == 0);
            }

            (skipped ??= []).Add(next);
        }
    }
}
