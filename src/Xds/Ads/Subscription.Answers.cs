using System.Runtime.CompilerServices;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <content>
/// What an answer means. A refusal is of a response, but its reason is a resource: the suspects are what the response changed at the client. The culprits stay at
/// what the client accepted last, and all others move on.
/// </content>
internal abstract partial class Subscription
{
    /// <summary>Notes an answer; null when it is to no response that waits for one.</summary>
    /// <param name="nonce">Which response.</param>
    /// <param name="complaint">All that the client said; null when it accepts.</param>
    /// <param name="error">As much of that as is kept.</param>
    public Judgement? Answer(long nonce, string? complaint, string? error)
    {
        if (History.Answer(nonce, error) is not { } answered)
        {
            return null;
        }

        _trials?.Answered(nonce);
        if (complaint is not null)
        {
            return new Judgement(nonce, answered.Sent.Version, Refuse(answered, complaint, error!), []);
        }

        OnAccepted(nonce);
        return new Judgement(nonce, answered.Sent.Version, [], Accept(answered) ?? (IReadOnlyList<RefusedResource>)[]);
    }

    /// <summary>A response was accepted.</summary>
    protected virtual void OnAccepted(long nonce)
    {
    }

    /// <summary>A response was refused that carried something new.</summary>
    protected virtual void OnRefused()
    {
    }

    /// <summary>A name is to be looked at again because a response that carried it was refused.</summary>
    protected abstract void LookAgain(string name);

    /// <summary>Whether a refused response takes everything along that was sent before it and not answered.</summary>
    protected abstract bool IsWhole { get; }

    private List<RefusedResource>? Accept(AnsweredResponse answered)
    {
        List<RefusedResource>? restored = null;
        // Who answers a response has seen those before it, and goes on from there.
        for (var i = 0; i < answered.Skipped.Count; i++)
        {
            Accept(answered.Skipped[i], ref restored);
        }

        Accept(answered.Sent, ref restored);
        return restored;
    }

    private void Accept(SentResponse response, ref List<RefusedResource>? restored)
    {
        for (var i = 0; i < response.Suspects.Count; i++)
        {
            var resource = response.Suspects[i];
            ref var holding = ref Find(resource.Name);
            if (IsAbout(response.Nonce, ref holding))
            {
                holding.Accepted = resource;
                if (_refusals?.Restore(resource) is { } was)
                {
                    (restored ??= []).Add(was);
                }
            }
        }
    }

    private List<RefusedResource> Refuse(AnsweredResponse answered, string complaint, string error)
    {
        var nonce = answered.Sent.Nonce;
        var suspects = IsWhole && answered.Skipped.Count > 0
            ? [.. answered.Skipped.Append(answered.Sent).SelectMany(static r => r.Suspects).GroupBy(static s => s.Name, static (_, same) => same.Last())]
            : answered.Sent.Suspects;
        var candidates = new List<EncodedResource>();
        var explained = false;
        foreach (var suspect in suspects)
        {
            ref var holding = ref Find(suspect.Name);
            var wanted = IsAbout(nonce, ref holding);
            if (!wanted || !holding.Uses(suspect))
            {
                candidates.Add(suspect);
                explained |= (wanted && holding.HeldBack) || IsRefused(suspect);
            }
        }

        if (candidates.Count > 0)
        {
            OnRefused();
            TakeAwayAgain(answered.Sent.Removed);
        }

        var culprits = Culprits(candidates, complaint, explained);
        var refused = new List<RefusedResource>();
        foreach (var culprit in culprits)
        {
            ref var holding = ref Find(culprit.Name);
            if (IsAbout(nonce, ref holding) && !IsRefused(culprit))
            {
                refused.Add((_refusals ??= new(type)).Add(culprit, error, overtaken: holding.Sent is not null && !holding.Has(culprit)));
            }
        }

        var others = new List<string>();
        var (candidate, guilty) = (0, 0);
        foreach (var suspect in suspects)
        {
            // Both are parts of the suspects, in their order.
            var isCandidate = candidate < candidates.Count && ReferenceEquals(candidates[candidate], suspect);
            var isGuilty = guilty < culprits.Count && ReferenceEquals(culprits[guilty], suspect);
            (candidate, guilty) = (candidate + (isCandidate ? 1 : 0), guilty + (isGuilty ? 1 : 0));
            if (Rewind(suspect, nonce, answered.Latest, isCandidate && !isGuilty) && isCandidate && !isGuilty)
            {
                others.Add(suspect.Name);
            }
        }

        if (culprits.Count == 0 && !explained)
        {
            Try(others);
        }

        foreach (var suspect in suspects)
        {
            // What is newest by now may be another version than was refused, or one that the client had before.
            LookAgain(suspect.Name);
        }

        return refused;
    }

    /// <summary>What a response took away beside the resource that it was refused for, the client has still.</summary>
    private void TakeAwayAgain(IReadOnlyList<string> removed)
    {
        foreach (var name in removed)
        {
            ref var holding = ref Wildcard ? ref FindOrAdd(name) : ref Find(name);
            if (!Unsafe.IsNullRef(ref holding))
            {
                holding.Owed = true;
                LookAgain(name);
            }
        }
    }

    private static List<EncodedResource> Culprits(List<EncodedResource> candidates, string complaint, bool explained)
    {
        if (candidates.Count == 1)
        {
            return candidates;
        }

        // Something in it was known to be bad, or was about to be tried: this refusal says nothing new of the rest.
        if (explained)
        {
            return [];
        }

        var quoted = candidates.FindAll(candidate => Quoted.In(complaint, candidate.Name));
        // Who lists all singles out none.
        return quoted.Count < candidates.Count ? quoted : [];
    }

    // Not when the client has given the name up since, or was told that it is gone: by the same name it may have something else by now.
    private static bool IsAbout(long nonce, ref Holding holding) => !Unsafe.IsNullRef(ref holding) && nonce > holding.Since;

    private void Try(List<string> names)
    {
        foreach (var name in names)
        {
            Find(name).HeldBack = true;
        }

        (_trials ??= new()).Halve(names);
    }

    /// <summary>
    /// Notes that a response with this resource was refused, and perhaps for other reasons; false when the client no longer wants it, or something newer is under
    /// way that decides.
    /// </summary>
    private bool Rewind(EncodedResource resource, long nonce, bool latest, bool perhaps)
    {
        ref var holding = ref Find(resource.Name);
        if (!IsAbout(nonce, ref holding))
        {
            return false;
        }

        // A whole that was sent later carried this again, and will be answered itself.
        if (IsWhole ? latest : holding.Has(resource))
        {
            // Who takes the good parts has this now, others what they accepted before: only the next acceptance tells.
            holding.Sent = perhaps ? null : holding.Accepted;
            holding.Perhaps |= perhaps;
            _refusals?.Rewind(resource.Name);
            return true;
        }

        return IsWhole;
    }
}

/// <summary>What an answer means.</summary>
/// <param name="Nonce">The response that it is about.</param>
/// <param name="Version">The version of that.</param>
/// <param name="Refused">Resources that are known to be refused now.</param>
/// <param name="Restored">What had been refused before, of resources that are accepted now.</param>
internal readonly record struct Judgement(long Nonce, string Version, IReadOnlyList<RefusedResource> Refused, IReadOnlyList<RefusedResource> Restored);
