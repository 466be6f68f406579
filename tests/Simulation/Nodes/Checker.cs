using Mesh.Core.Health;
using Mesh.Core.Verdicts;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>Makes the active checks that endpoints ask for. One under way when the silo dies is lost with it.</summary>
public sealed class Checker(Simulator simulator, Silo silo, Dice dice)
{
    public void Run(IEnumerable<MemberStep> steps)
    {
        foreach (var (endpointId, step) in steps)
        {
            if (step.Find<RunCheck>() is { } check && step.State is { } state)
            {
                var passes = silo.Answers?.Invoke(state.Spec) ?? true;
                var took = dice.Between(TimeSpan.FromMilliseconds(1), check.Check.Timeout);
                var model = silo.Model;
                simulator.After(took, () =>
                {
                    if (silo.Model == model)
                    {
                        silo.Do((service, now) => service.Apply(endpointId, new CheckEnded(passes, passes ? null : "503"), now, dice.NextDouble), _ => { });
                    }
                });
            }
        }
    }
}
