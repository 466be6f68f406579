using Mesh.Core;

namespace Mesh.Proxy.Upstream;

/// <summary>
/// What changes about one endpoint while requests pass: it survives changes of the configuration, so that requests in flight and
/// unreported failures are not forgotten when a weight changes.
/// </summary>
public sealed class EndpointState(string cluster, string key)
{
    private int _inFlight;
    private int _run;
    private long _succeeded;
    private long _failed;
    private int _urgent;

    /// <summary>The cluster's name.</summary>
    public string Cluster { get; } = cluster;

    /// <summary><c>address:port</c>.</summary>
    public string Key { get; } = key;

    /// <summary>Where the forwarder sends to.</summary>
    public string Prefix { get; } = $"http://{key}/";

    /// <summary>Where it runs, as last heard.</summary>
    public Locality Locality { get; set; } = Locality.Unknown;

    /// <summary>Whether the control plane wants to be told about it, as last heard.</summary>
    public bool Reported { get; set; }

    /// <summary>Whether it left the configuration; it goes when nothing of it is under way or unreported.</summary>
    public bool Retired { get; set; }

    /// <summary>How often in a row it was looked at and found to be retired and idle.</summary>
    public int RetiredSweeps { get; set; }

    /// <summary>What is to be reported.</summary>
    public Tally Tally { get; } = new();

    /// <summary>Tries under way.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Failures in a row up to now, whoever was told of them; what the local fallback goes by.</summary>
    public int Run => Volatile.Read(ref _run);

    /// <summary>Tries that ended well, ever.</summary>
    public long Succeeded => Interlocked.Read(ref _succeeded);

    /// <summary>Tries that ended badly, ever.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>A try begins.</summary>
    /// <param name="now">A timestamp of the proxy's clock.</param>
    public void Begin(long now)
    {
        Interlocked.Increment(ref _inFlight);
        Tally.Issue(now);
    }

    /// <summary>How a try ended is known before it is over; at most once for each try.</summary>
    public void Settle(TryOutcome outcome)
    {
        Tally.Record(outcome);
        Note(outcome.Result);
    }

    /// <summary>A try is over.</summary>
    /// <param name="now">A timestamp of the proxy's clock.</param>
    /// <param name="outcome">How it ended; null when that was settled before.</param>
    public void End(long now, TryOutcome? outcome = null)
    {
        Tally.End(now, outcome);
        Note(outcome?.Result ?? TryResult.Ignored);
        Interlocked.Decrement(ref _inFlight);
    }

    /// <summary>Notes that failures of it wait to be reported; false when that was noted already.</summary>
    public bool TryMarkUrgent() => Interlocked.Exchange(ref _urgent, 1) == 0;

    /// <summary>Its failures are about to be reported; later ones are to be noted again.</summary>
    public void ClearUrgent() => Volatile.Write(ref _urgent, 0);

    /// <summary>Forgets the run: the endpoint starts anew after an ejection.</summary>
    public void ForgetRun() => Volatile.Write(ref _run, 0);

    private void Note(TryResult result)
    {
        if (result == TryResult.Success)
        {
            Interlocked.Increment(ref _succeeded);
            Volatile.Write(ref _run, 0);
        }
        else if (result != TryResult.Ignored)
        {
            Interlocked.Increment(ref _failed);
            Interlocked.Increment(ref _run);
        }
    }
}
