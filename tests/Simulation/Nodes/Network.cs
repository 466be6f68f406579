using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// What lies between machines. Calls are delayed, lost and doubled; streams keep their order, as TCP does, and break. Reports are treated worse than
/// TCP would (lost, doubled and overtaken within a living stream), because a retry after an answer that was lost looks the same to whoever receives it.
/// </summary>
public sealed class Network(Simulator simulator, Dice dice)
{
    private readonly HashSet<string> _isolated = [];

    /// <summary>The shortest way.</summary>
    public TimeSpan Least { get; set; } = TimeSpan.FromMilliseconds(0.3);

    /// <summary>The longest way, but for <see cref="Stalls"/>.</summary>
    public TimeSpan Most { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The chance that a message is lost.</summary>
    public double Loss { get; set; }

    /// <summary>The chance that a message arrives twice.</summary>
    public double Duplication { get; set; }

    /// <summary>The chance that a message takes up to 3 s.</summary>
    public double Stalls { get; set; }

    /// <summary>Cuts a machine off from all others, or joins it to them again.</summary>
    public void Isolate(string node, bool isolated) => _ = isolated ? _isolated.Add(node) : _isolated.Remove(node);

    public bool Reaches(string from, string to) => !_isolated.Contains(from) && !_isolated.Contains(to);

    /// <summary>How long one message takes.</summary>
    public TimeSpan Delay() => dice.Chance(Stalls) ? dice.Between(Most, TimeSpan.FromSeconds(3)) : dice.Between(Least, Most);

    /// <summary>Sends a message that may be lost, doubled and overtaken.</summary>
    public void Send(string from, string to, Action deliver)
    {
        if (!Reaches(from, to) || dice.Chance(Loss))
        {
            return;
        }

        simulator.After(Delay(), Arrive);
        if (dice.Chance(Duplication))
        {
            simulator.After(Delay(), Arrive);
        }

        void Arrive()
        {
            if (Reaches(from, to))
            {
                deliver();
            }
        }
    }
}
