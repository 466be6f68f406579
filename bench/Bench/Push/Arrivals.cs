using Mesh.Bench.Push.Client;

namespace Mesh.Bench.Push;

/// <summary>
/// When each change arrived on each stream that wants it. A change sets the weight of a service's first endpoint to a value of its own, so what
/// arrives says which change it is. A stream that is sent a later change of the same service has been sent the earlier one too: the newest wins.
/// </summary>
internal sealed class Arrivals(int services, int endpoints, int streams) : IArrivals
{
    /// <summary>How many values of the weight are in use before the first comes again; the API takes up to 1,000.</summary>
    private const int Weights = 998;

    private readonly Change?[] _byWeight = new Change?[Weights];
    private readonly Change?[] _newest = new Change?[services];
    private uint _unit;

    /// <summary>The weight that a change sets.</summary>
    public static int WeightOf(int change) => 2 + (change % Weights);

    /// <summary>Expects a change; called before it is asked for.</summary>
    /// <param name="number">Counted from 0 through the whole run.</param>
    /// <param name="service">Of which service.</param>
    /// <param name="wanted">How many streams want it.</param>
    public Change Begin(int number, int service, int wanted)
    {
        var change = new Change(service, new long[streams], wanted, _newest[service]) { SentAt = DateTime.UtcNow.Ticks };
        _newest[service] = change;
        Volatile.Write(ref _byWeight[number % Weights], change);
        return change;
    }

    /// <inheritdoc/>
    public void Arrived(int stream, in Assignment assignment, long at)
    {
        if (_unit == 0)
        {
            // The first thing that anybody is sent: all weights are 1 then.
            _unit = assignment.Weight / (uint)endpoints;
        }

        var weight = (int)(assignment.Weight / _unit) - (endpoints - 1) - 2;
        if (weight < 0 || weight >= Weights || Volatile.Read(ref _byWeight[weight]) is not { } change || change.Service != assignment.Number)
        {
            return;
        }

        for (Change? one = change; one is not null && one.At[stream] == 0; one = one.Before)
        {
            one.At[stream] = at;
            one.Count();
        }
    }
}

/// <summary>One change. Times are ticks of UTC, which the control plane and this process read from the same clock.</summary>
/// <param name="service">Of which service.</param>
/// <param name="at">When it arrived, by stream; 0 where it has not or is not wanted.</param>
/// <param name="wanted">How many streams want it.</param>
/// <param name="before">The change of the same service before it.</param>
internal sealed class Change(int service, long[] at, int wanted, Change? before)
{
    private int _arrived;

    public int Service => service;

    public long[] At => at;

    public Change? Before => before;

    /// <summary>When it was asked for.</summary>
    public long SentAt { get; init; }

    /// <summary>When the control plane made the snapshot that has it.</summary>
    public long AcceptedAt { get; set; }

    /// <summary>When the answer came that says that it is on disk.</summary>
    public long AnsweredAt { get; set; }

    /// <summary>On how many streams it has arrived.</summary>
    public int Arrived => Volatile.Read(ref _arrived);

    public bool Complete => Arrived >= wanted;

    /// <summary>The last arrival.</summary>
    public long Last => at.Max();

    public void Count() => Interlocked.Increment(ref _arrived);
}
