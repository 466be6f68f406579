using System.Globalization;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Weather;

/// <summary>
/// Faults, one after the other and over each other, for as long as it lasts; then all of them end at once. Each fault is a word for the journal and two
/// acts, how it begins and how it ends, so that the list of what can go wrong can be read in one place (<see cref="Faults"/>, and the cluster's stories).
/// </summary>
public sealed class Storm<TWorld>
{
    private readonly TWorld _world;
    private readonly Simulator _simulator;
    private readonly Journal _journal;
    private readonly Dice _dice;
    private readonly IReadOnlyList<FaultKind<TWorld>> _kinds;
    private readonly SortedDictionary<long, Fault> _under = [];
    private long _count;
    private bool _over;

    public Storm(TWorld world, Simulator simulator, Journal journal, Dice dice, IReadOnlyList<FaultKind<TWorld>> kinds) =>
        (_world, _simulator, _journal, _dice, _kinds) = (world, simulator, journal, dice.For("storm"), kinds);

    /// <summary>Faults so far.</summary>
    public long Count => _count;

    /// <summary>From one fault to the next, in the mean.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromSeconds(8);

    public void Begin() => _simulator.After(_dice.Exponential(Gap), Strike);

    /// <summary>Ends all faults, and none follows.</summary>
    public void End()
    {
        _over = true;
        foreach (var (number, fault) in _under.ToList())
        {
            Undo(number, fault);
        }

        _journal.Note("all faults have ended");
    }

    private void Strike()
    {
        if (_over)
        {
            return;
        }

        _simulator.After(_dice.Exponential(Gap), Strike);
        var kind = Pick();
        if (kind.Begin(_world, _dice) is not { } fault)
        {
            return;
        }

        var number = ++_count;
        _under[number] = fault;
        var lasts = _dice.Between(kind.Least, kind.Most);
        _journal.Note(string.Create(CultureInfo.InvariantCulture, $"fault {number}: {fault.What}, for {lasts.TotalSeconds:0.0} s"));
        _simulator.After(lasts, () => Undo(number, fault));
    }

    private FaultKind<TWorld> Pick()
    {
        var roll = _dice.Next(_kinds.Sum(kind => kind.Share));
        return _kinds.First(kind => (roll -= kind.Share) < 0);
    }

    private void Undo(long number, Fault fault)
    {
        if (_under.Remove(number))
        {
            _journal.Note($"fault {number} ends: {fault.What}");
            fault.End();
        }
    }
}

/// <summary>A fault under way.</summary>
/// <param name="What">For people.</param>
/// <param name="End">Ends it; harmless when the world has moved on.</param>
public sealed record Fault(string What, Action End);

/// <summary>Something that can go wrong.</summary>
/// <param name="Name">In a word, for those who want only some.</param>
/// <param name="Share">How often it is picked, compared with others.</param>
/// <param name="Least">How long it lasts at least.</param>
/// <param name="Most">How long it lasts at most.</param>
/// <param name="Begin">Begins it; null when it cannot be now.</param>
public sealed record FaultKind<TWorld>(string Name, int Share, TimeSpan Least, TimeSpan Most, Func<TWorld, Dice, Fault?> Begin);
