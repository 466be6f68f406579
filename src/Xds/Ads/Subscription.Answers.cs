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
        return complaint is null
            ? new Judgement(nonce, answered.Version, [], Accept(answered) ?? (IReadOnlyList<RefusedResource>)[])
            : new Judgement(nonce, answered.Version, Refuse(answered, complaint, error!), []);
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

        for (var i = 0; i < answered.Suspects.Count; i++)
        {
            Accept(answered.Suspects[i], ref restored);
        }

        return restored;
    }

    private void Accept(EncodedResource resource, ref List<RefusedResource>? restored)
    {
        ref var holding = ref Find(resource.Name);
        if (Unsafe.IsNullRef(ref holding))
        {
            return;
        }

        holding.Accepted = resource;
        if (_refusals?.Restore(resource) is { } was)
        {
            (restored ??= []).Add(was);
        }
    }

    private List<RefusedResource> Refuse(AnsweredResponse answered, string complaint, string error)
    {
        var suspects = IsWhole && answered.Skipped.Count > 0
            ? [.. answered.Skipped.Concat(answered.Suspects).GroupBy(static s => s.Name, static (_, same) => same.Last())]
            : answered.Suspects;
        var candidates = new List<EncodedResource>();
        var explained = false;
        foreach (var suspect in suspects)
        {
            ref var holding = ref Find(suspect.Name);
            var wanted = !Unsafe.IsNullRef(ref holding);
            if (!wanted || !holding.Uses(suspect))
            {
                candidates.Add(suspect);
                explained |= (wanted && holding.HeldBack) || IsRefused(suspect);
            }
        }

        var culprits = Culprits(candidates, complaint, explained);
        var refused = new List<RefusedResource>();
        foreach (var culprit in culprits)
        {
            ref var holding = ref Find(culprit.Name);
            if (!Unsafe.IsNullRef(ref holding) && !IsRefused(culprit))
            {
                refused.Add((_refusals ??= new(type)).Add(culprit, error, overtaken: holding.Sent is not null && !holding.Has(culprit)));
            }
        }

        var others = candidates.Except(culprits).Where(other => Rewind(other, answered.Latest)).Select(static other => other.Name).ToList();
        foreach (var suspect in suspects)
        {
            Rewind(suspect, answered.Latest);
        }

        if (culprits.Count == 0 && !explained)
        {
            Try(others);
        }
        else
        {
            others.ForEach(LookAgain);
        }

        foreach (var culprit in culprits)
        {
            LookAgain(culprit.Name);
        }

        return refused;
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

    private void Try(List<string> names)
    {
        foreach (var name in names)
        {
            Find(name).HeldBack = true;
            LookAgain(name);
        }

        (_trials ??= new()).Halve(names);
    }

    /// <summary>
    /// Notes that a response with this resource did not change the client; false when the client no longer wants it, or something newer is under
    /// way that decides.
    /// </summary>
    private bool Rewind(EncodedResource resource, bool latest)
    {
        ref var holding = ref Find(resource.Name);
        if (Unsafe.IsNullRef(ref holding))
        {
            return false;
        }

        // A whole that was sent later carried this again, and will be answered itself.
        if (IsWhole ? latest : holding.Has(resource))
        {
            holding.Sent = holding.Accepted;
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
