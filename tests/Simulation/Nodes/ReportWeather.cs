using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>What happens to load reports between a proxy and its gateway beyond what happens to everything.</summary>
public sealed class ReportWeather(Simulator simulator, Dice dice)
{
    public double Loss { get; set; }

    public double Duplication { get; set; }

    /// <summary>The chance that a report takes up to 5 s, and is overtaken by later ones.</summary>
    public double Lateness { get; set; }

    public bool Interferes => Loss > 0 || Duplication > 0 || Lateness > 0;

    public void Send(Action deliver)
    {
        if (dice.Chance(Loss))
        {
            return;
        }

        simulator.After(Wait(), deliver);
        if (dice.Chance(Duplication))
        {
            simulator.After(Wait(), deliver);
        }
    }

    private TimeSpan Wait() => TimeSpan.FromMilliseconds(dice.Chance(Lateness) ? 5000 * dice.NextDouble() : 2 * dice.NextDouble());
}
