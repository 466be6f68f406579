using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Xds.Ads;

/// <summary>
/// What one stream wants of one type, what its client has of it, and what may have changed since. The two protocols differ in how a client says what it wants, and
/// in whether a response is a whole or a change; versions, marks, answers and refusals are the same, and are here.
/// </summary>
internal abstract partial class Subscription(ResourceType type, AdsVariant variant, AdsLimits limits)
{
    private const string WildcardName = "*";

    private Refusals? _refusals;
    private Trials? _trials;
    private bool _everNamed;
    private bool _beat;
    private int _pass;

    public ResourceType Type => type;

    public bool Started { get; private set; }

    /// <summary>Whether it wants all resources of the type.</summary>
    public bool Wildcard { get; private set; }

    /// <summary>How many names it wants.</summary>
    public int Named { get; private set; }

    /// <summary>The names that it wants.</summary>
    public IEnumerable<string> WantedNames => Holdings.Where(static pair => pair.Value.Wanted).Select(static pair => pair.Key);

    public ResponseHistory History { get; } = new(limits.Unanswered, limits.ResourcesPerStream);

    /// <summary>Whether <see cref="Next"/> or <see cref="NextHeartbeat"/> has something to look at.</summary>
    public bool Dirty => Started && (HasMarks || _trials?.Due == true || BeatDue);

    protected AdsVariant Variant => variant;

    protected AdsLimits Limits => limits;

    protected Dictionary<string, Holding> Holdings { get; } = [];

    protected abstract bool HasMarks { get; }

    protected bool TrialDue => _trials?.Due == true;

    // What a heartbeat names must be exactly what the client has, which is known once nothing waits for an answer.
    private bool BeatDue => _beat && !History.Waiting;

    public static Subscription Of(ResourceType type, AdsVariant variant, AdsLimits limits) =>
        variant == AdsVariant.StateOfTheWorld && type is (ResourceType.Cluster or ResourceType.Listener)
            ? new WholeSubscription(type, limits)
            : new NamedSubscription(type, variant, limits);

    /// <summary>A resource may have changed.</summary>
    public abstract void Mark(string name);

    /// <summary>
    /// What to send now, or null. Without <paramref name="removals"/> nothing is taken away that the client holds, so that it never has routes without
    /// clusters.
    /// </summary>
    public abstract Draft? Next(IResourceSource source, bool removals);

    /// <summary>It was sent.</summary>
    public virtual void OnSent(EncodedResponse response, Draft draft)
    {
        History.Add(response.Number, response.Version, draft.Suspects ?? response.Resources, response.Removed);
        if (draft.Trial)
        {
            _trials!.Began(response.Number);
        }
    }

    /// <summary>
    /// Has the next response repeat what the client holds. Where the last beat has found no moment between changes, what it holds is sent whole: a busy mesh must
    /// not let quiet services run out.
    /// </summary>
    public void Beat()
    {
        if (_beat)
        {
            Repeat();
        }

        _beat = Started;
    }

    /// <summary>What a heartbeat is to name, and the version of it; null when none is due.</summary>
    public (IReadOnlyList<EncodedResource> Held, string Version)? NextHeartbeat()
    {
        if (!BeatDue)
        {
            return null;
        }

        _beat = false;
        // What is under way brings its own time to live along.
        var held = Holdings.Values.Where(static h => h.Accepted is { } accepted && h.Has(accepted)).Select(static h => h.Accepted!).ToList();
        var version = variant == AdsVariant.Delta ? History.Sent : History.Accepted;
        return held.Count > 0 && version is not null ? (held, version) : null;
    }

    public AdsTypeStatus Status() => new(
        type,
        Wildcard ? -1 : Named,
        History.Sent,
        History.Accepted,
        History.Waiting || Dirty,
        History.Error ?? _refusals?.AnyError,
        RefusedCount)
    {
        Held = Holdings.Values.Count(static holding => holding.Sent is not null),
    };

    /// <summary>How many resources the client refuses.</summary>
    public int RefusedCount => _refusals?.Count ?? 0;

    public IEnumerable<SentResource> Sent() =>
        from pair in Holdings
        let refused = _refusals?.Find(pair.Key)
        let sent = refused?.Version ?? pair.Value.Sent?.Version
        where sent is not null
        orderby pair.Key
        let held = refused is null && pair.Value.Sent is { Field.IsEmpty: false } resource ? resource : null
        select new SentResource(type, pair.Key, sent, pair.Value.Accepted?.Version, refused?.Error) { Held = held };

    public IEnumerable<RefusedResource> Refused() =>
        _refusals?.All.Select(refused => refused with { Accepted = Holdings.GetValueOrDefault(refused.Name).Accepted?.Version }) ?? [];

    /// <summary>Has all that the client holds sent again.</summary>
    protected abstract void Repeat();

    protected ref Holding Find(string name) => ref CollectionsMarshal.GetValueRefOrNullRef(Holdings, name);

    protected ref Holding FindOrAdd(string name)
    {
        ref var holding = ref CollectionsMarshal.GetValueRefOrAddDefault(Holdings, name, out var known);
        if (!known)
        {
            holding.Since = History.LastNonce;
            // What is under way may hold it, if the client gave it up a moment ago. In state of the world, who does that is not heard before it has read all.
            holding.Perhaps = variant == AdsVariant.Delta && History.Waiting;
        }

        return ref holding;
    }

    /// <summary>A number for a pass over all names; who was not seen in it has to go.</summary>
    protected int NextPass() => ++_pass;

    /// <summary>Whether the client has refused exactly this.</summary>
    protected bool IsRefused(EncodedResource resource) => _refusals?.Covers(resource) == true;

    /// <summary>Whether this is the first that is newer than what was refused.</summary>
    protected bool Overtakes(EncodedResource newest) => _refusals?.Overtake(newest) == true;

    /// <summary>Whether something newer than what was refused was sent, so that an acceptance of it is news.</summary>
    protected bool IsOvertaken(string name) => _refusals?.IsOvertaken(name) == true;

    /// <summary>There is no such resource any more. If it returns it is new, and so may be tried again whatever was said of it.</summary>
    protected void Forget(string name, ref Holding holding)
    {
        (holding.Sent, holding.Accepted, holding.Owed, holding.HeldBack, holding.Perhaps) = (null, null, false, false, false);
        holding.Since = History.LastNonce;
        _refusals?.Forget(name);
        if (!holding.Wanted)
        {
            Holdings.Remove(name);
        }
    }

    /// <summary>Takes the next group that is to be tried; its names are held back no longer.</summary>
    protected List<string> TakeTrial()
    {
        List<string> released = [];
        foreach (var name in _trials!.Take())
        {
            ref var holding = ref Find(name);
            if (!Unsafe.IsNullRef(ref holding) && holding.HeldBack)
            {
                holding.HeldBack = false;
                released.Add(name);
            }
        }

        return released;
    }
}
