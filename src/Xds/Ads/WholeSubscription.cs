using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Ads;

/// <summary>
/// CDS and LDS in state of the world: a response is all that there is of what the client wants, and what is missing from it is removed. So there is one mark for the type,
/// and a look at all of it when it is set. What the client has refused, or is to be tried later, goes along as the client accepted it last.
/// </summary>
internal sealed class WholeSubscription(ResourceType type, AdsLimits limits) : Subscription(type, AdsVariant.StateOfTheWorld, limits)
{
    private bool _answered;
    private bool _marked;

    // The first response takes away whatever the client had from streams before, and later ones take away what is gone. Until one is accepted that was sent no
    // earlier, the client may have all that still.
    private bool _takesAway = true;
    private long _tookAway = long.MaxValue;

    protected override bool HasMarks => _marked;

    protected override bool IsWhole => true;

    public override void Mark(string name) => _marked |= Wildcard || Holdings.ContainsKey(name);

    public override Draft? Next(IResourceSource source, bool removals)
    {
        if (removals)
        {
            return _marked ? Look(source, removals: true, trial: false) : null;
        }

        while (_marked || TrialDue)
        {
            var trial = TrialDue && TakeTrial().Count > 0;
            if (Look(source, removals: false, trial) is { } draft)
            {
                return draft;
            }

            if (!TrialDue)
            {
                break;
            }
        }

        return null;
    }

    public override void OnSent(EncodedResponse response, Draft draft)
    {
        base.OnSent(response, draft);
        if (_takesAway)
        {
            (_takesAway, _tookAway) = (false, response.Number);
        }
    }

    protected override void OnAccepted(long nonce)
    {
        if (nonce >= _tookAway)
        {
            _tookAway = 0;
        }
    }

    protected override void OnRefused() => _answered &= _tookAway == 0;

    protected override void OnChanged(Wants wants, bool began)
    {
        _marked |= wants.First || began || wants.Added.Count > 0;
        // Who asks for a new name is answered even when there is nothing by that name: its absence is the answer, and without one the
        // client would wait until its patience ends. A name that it holds already, from when it wanted all, is not new.
        for (var i = 0; i < wants.Added.Count; i++)
        {
            _answered &= Find(wants.Added[i]).Sent is not null;
        }
    }

    protected override void LookAgain(string name) => _marked = true;

    protected override void Repeat() => (_marked, _answered) = (true, false);

    private Draft? Look(IResourceSource source, bool removals, bool trial)
    {
        var look = new Pass(this, NextPass(), Wildcard ? source.All(Type) : []);
        look.TakeAll();
        look.TakeNamed(source);
        var gone = Unseen(look.Number);
        if (!_answered || look.Differs)
        {
            _marked = gone.Count > 0;
            _answered = true;
            return look.ToDraft(gone.Select(Kept).OfType<EncodedResource>(), trial);
        }

        if (gone.Count > 0 && !removals)
        {
            return null;
        }

        _marked = false;
        foreach (var name in gone)
        {
            Forget(name, ref Find(name));
        }

        _takesAway |= gone.Count > 0;
        return gone.Count == 0 ? null : look.ToDraft([], trial);
    }

    /// <summary>Names of what the client was sent and is there no longer.</summary>
    private List<string> Unseen(int pass)
    {
        List<string>? unseen = null;
        foreach (var (name, holding) in Holdings)
        {
            if (holding.Seen != pass)
            {
                (unseen ??= []).Add(name);
            }
        }

        // Nobody has to take away what never arrived.
        unseen?.RemoveAll(name =>
        {
            ref var holding = ref Find(name);
            var never = !holding.MayHave;
            if (never)
            {
                Forget(name, ref holding);
            }

            return never;
        });
        return unseen ?? [];
    }

    private EncodedResource? Kept(string name)
    {
        var holding = Find(name);
        return holding.HeldBack || holding.Sent is null || IsRefused(holding.Sent) ? holding.Accepted : holding.Sent;
    }

    /// <summary>A look at everything that is wanted.</summary>
    private sealed class Pass(WholeSubscription of, int number, IReadOnlyList<EncodedResource> all)
    {
        private readonly List<EncodedResource> _suspects = [];
        private List<EncodedResource>? _carried;

        public int Number => number;

        public bool Differs { get; private set; }

        public void TakeAll()
        {
            for (var i = 0; i < all.Count; i++)
            {
                var newest = all[i];
                ref var holding = ref of.FindOrAdd(newest.Name);
                var carried = holding.Seen == number ? null : Carried(ref holding, newest);
                if (carried != newest && _carried is null)
                {
                    _carried = [.. all.Take(i)];
                }

                if (carried is not null)
                {
                    _carried?.Add(carried);
                }
            }
        }

        public void TakeNamed(IResourceSource source)
        {
            foreach (var (name, known) in of.Holdings)
            {
                if (known.Wanted && known.Seen != number && source.Find(of.Type, name) is { } newest
                    && Carried(ref of.Find(name), newest) is { } carried)
                {
                    (_carried ??= [.. all]).Add(carried);
                }
            }
        }

        public Draft ToDraft(IEnumerable<EncodedResource> kept, bool trial)
        {
            foreach (var resource in kept)
            {
                (_carried ??= [.. all]).Add(resource);
                if (!of.Find(resource.Name).Uses(resource))
                {
                    _suspects.Add(resource);
                }
            }

            // Who wants all and has refused nothing shares the list itself.
            var resources = _carried ?? all;
            return new Draft(resources.Count == 1 ? resources[0] : null, resources, [], _suspects, trial);
        }

        private EncodedResource? Carried(ref Holding holding, EncodedResource newest)
        {
            holding.Seen = number;
            var overtakes = of.Overtakes(newest);
            var carried = holding.HeldBack || of.IsRefused(newest) ? holding.Accepted : newest;
            if (carried is null)
            {
                // It is taken away: an acceptance that is under way is of what the client will no longer have.
                Differs |= holding.Sent is not null;
                (holding.Sent, holding.Since) = (null, holding.Sent is null ? holding.Since : of.History.LastNonce);
                return null;
            }

            var changed = overtakes || !holding.Has(carried);
            Differs |= changed;
            if (changed || !holding.Uses(carried) || of.IsOvertaken(carried.Name))
            {
                _suspects.Add(carried);
            }

            holding.Sent = carried;
            return carried;
        }
    }
}
