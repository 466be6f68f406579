namespace Mesh.Simulation.Rules;

/// <summary>Something happened that must never happen.</summary>
public sealed class RuleBrokenException(string rule, string what) : Exception($"{rule}: {what}")
{
    public string Rule => rule;

    public string What => what;
}
