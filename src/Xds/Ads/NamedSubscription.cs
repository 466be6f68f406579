using System.Runtime.CompilerServices;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Ads;

/// <summary>
/// All types of delta, and EDS and RDS in either protocol: resources are sent one by one, so only what changed is looked at. A mark is a flag and a place in a
/// list, however often a resource changes before the client is ready to read it.
/// </summary>
internal sealed class NamedSubscription(ResourceType type, AdsVariant variant, AdsLimits limits) : Subscription(type, variant, limits)
{
    private readonly List<string> _marks = [];
    private List<string>? _gone;
    private bool _sweep;
    private bool _owesAnswer;

    protected override bool HasMarks => _marks.Count > 0 || _gone is { Count: > 0 } || _sweep || _owesAnswer;

    protected override bool IsWhole => false;

    public override void Mark(string name)
    {
        ref var holding = ref Wildcard ? ref FindOrAdd(name) : ref Find(name);
        // What is held back is looked at when its turn comes, as it is then.
        if (!Unsafe.IsNullRef(ref holding) && !holding.HeldBack)
        {
            Mark(name, ref holding);
        }
    }

    public override Draft? Next(IResourceSource source, bool removals)
    {
        if (removals)
        {
            return TakeAway(source);
        }

        if (_sweep)
        {
            Sweep(source);
        }

        var draft = _marks.Count > 0 ? Changed(source) : null;
        while (draft is null && TrialDue)
        {
            draft = Collect(source, TakeTrial(), int.MaxValue, trial: true).Draft;
        }

        // What is to be taken away answers as well, later.
        return draft is null && _gone is { Count: > 0 } ? null : Answered(draft);
    }

    protected override void OnChanged(Wants wants, bool began)
    {
        _sweep = Wildcard && (_sweep || began);
        _owesAnswer |= Variant == AdsVariant.Delta && (wants.First || began);
        foreach (var name in wants.Added)
        {
            Mark(name);
        }

        foreach (var name in wants.Again)
        {
            Mark(name);
        }

        // Who wants all but no longer names one is told that it stays, or that it is gone.
        foreach (var name in Wildcard && Variant == AdsVariant.Delta ? wants.Removed : [])
        {
            Find(name).Owed = true;
            Mark(name);
        }
    }

    protected override void LookAgain(string name) => Mark(name);

    protected override void Repeat()
    {
        foreach (var (name, known) in Holdings)
        {
            if (known.Sent is not null && !known.HeldBack)
            {
                ref var holding = ref Find(name);
                holding.Owed = true;
                Mark(name, ref holding);
            }
        }
    }

    private void Mark(string name, ref Holding holding)
    {
        if (holding.Marked)
        {
            return;
        }

        if (_marks.Count >= Math.Max(64, 2 * Holdings.Count))
        {
            Compact();
        }

        holding.Marked = true;
        _marks.Add(name);
    }

    /// <summary>
    /// Drops what is marked no longer, because the client has given it up: who asks for names and gives them back without ever reading would have each of
    /// them kept. Half of the list goes at least, so that a mark costs the same as ever.
    /// </summary>
    private void Compact()
    {
        _marks.RemoveAll(name =>
        {
            ref var holding = ref Find(name);
            // What was given up and asked for again is there twice: the first place counts.
            var stays = !Unsafe.IsNullRef(ref holding) && holding.Marked;
            if (stays)
            {
                holding.Marked = false;
            }

            return !stays;
        });
        foreach (var name in _marks)
        {
            Find(name).Marked = true;
        }
    }

    /// <summary>All is wanted from now on: marks what there is and the client has not, and what the client has and is not there.</summary>
    private void Sweep(IResourceSource source)
    {
        _sweep = false;
        var pass = NextPass();
        foreach (var resource in source.All(Type))
        {
            ref var holding = ref FindOrAdd(resource.Name);
            holding.Seen = pass;
            if (!holding.Has(resource) || holding.Owed)
            {
                Mark(resource.Name, ref holding);
            }
            else
            {
                Keep(ref holding, resource);
            }
        }

        foreach (var (name, known) in Holdings)
        {
            if (known.Seen != pass)
            {
                ref var left = ref Find(name);
                left.Owed |= !left.Wanted;
                Mark(name, ref left);
            }
        }
    }

    private Draft? Changed(IResourceSource source)
    {
        var (draft, done) = Collect(source, _marks, Limits.ResponseBytes, trial: false);
        if (done == _marks.Count)
        {
            _marks.Clear();
            // A burst, such as the first request, must not cost its memory for ever.
            if (_marks.Capacity > 64)
            {
                _marks.Capacity = 0;
            }
        }
        else
        {
            _marks.RemoveRange(0, done);
        }

        return draft;
    }

    private (Draft? Draft, int Done) Collect(IResourceSource source, List<string> names, int maxBytes, bool trial)
    {
        var batch = default(Batch);
        var done = 0;
        for (; done < names.Count && batch.Bytes < maxBytes; done++)
        {
            ref var holding = ref Find(names[done]);
            if (Unsafe.IsNullRef(ref holding) || (!trial && !holding.Marked))
            {
                // Dropped since, and perhaps asked for again, in which case it is further down.
                continue;
            }

            holding.Marked &= trial;
            if (!holding.HeldBack)
            {
                Offer(source, names[done], ref holding, ref batch);
            }
        }

        return (batch.ToDraft(trial), done);
    }

    /// <summary>Adds what is to be sent by this name, if anything.</summary>
    private void Offer(IResourceSource source, string name, ref Holding holding, ref Batch batch)
    {
        if (Find(source, name, holding) is not { } newest)
        {
            Miss(name, ref holding, ref batch);
            return;
        }

        var owed = holding.Owed;
        holding.Owed = false;
        var overtakes = Overtakes(newest);
        if (IsRefused(newest))
        {
            // It stays at what it has, and is told what that is if it asks.
            if (owed && holding.Accepted is { Field.IsEmpty: false } accepted)
            {
                batch.Add(holding.Sent = accepted);
            }
        }
        else if (overtakes || owed || !holding.Has(newest))
        {
            batch.Add(holding.Sent = newest);
        }
        else
        {
            Keep(ref holding, newest);
        }
    }

    // Whoever tells of changes tells of those only that are wanted. What is left from before may be beyond what "all" means, and is asked for by name only.
    private EncodedResource? Find(IResourceSource source, string name, in Holding holding) =>
        holding.Wanted || !holding.Owed || source.Includes(Type, name) ? source.Find(Type, name) : null;

    private void Miss(string name, ref Holding holding, ref Batch batch)
    {
        if (Variant == AdsVariant.Delta && holding.MayHave && !(holding.Owed && holding.Sent is null))
        {
            // It is taken away after everything else is in place.
            if (!holding.Gone)
            {
                holding.Gone = true;
                (_gone ??= []).Add(name);
            }

            return;
        }

        if (Variant == AdsVariant.Delta && holding.Owed)
        {
            batch.Remove(name);
        }

        // In state of the world there is no way to say that it is gone but to take away what refers to it.
        Forget(name, ref holding);
    }

    private Draft? TakeAway(IResourceSource source)
    {
        if (_gone is not { Count: > 0 } gone)
        {
            return null;
        }

        _gone = null;
        var batch = default(Batch);
        foreach (var name in gone)
        {
            ref var holding = ref Find(name);
            if (Unsafe.IsNullRef(ref holding) || !holding.Gone)
            {
                continue;
            }

            holding.Gone = false;
            if (Find(source, name, holding) is null)
            {
                batch.Remove(name);
                Forget(name, ref holding);
            }
            else if (!holding.HeldBack)
            {
                // It returned in the meantime.
                Offer(source, name, ref holding, ref batch);
            }
        }

        return Answered(batch.ToDraft());
    }

    /// <summary>Nothing to send is an answer too: until it has one, a client of delta waits before it goes to work.</summary>
    private Draft? Answered(Draft? draft)
    {
        if (_owesAnswer)
        {
            _owesAnswer = false;
            return draft ?? new Draft(null, [], [], null, false);
        }

        return draft;
    }

    // The same version made anew, or known by its version only until now: hold what everybody holds.
    private static void Keep(ref Holding holding, EncodedResource resource)
    {
        if (holding.Uses(resource))
        {
            holding.Accepted = resource;
        }

        holding.Sent = resource;
    }
}
