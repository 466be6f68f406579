using Mesh.Core.Localities;

namespace Mesh.Core.Outliers;

/// <summary>
/// What an ejection does to the data plane beyond taking an endpoint away (<see cref="PriorityLoad"/> says how it splits load).
/// <para>
/// Below about 72 % healthy a priority leaves a part of its load to the next. When less than half of it is healthy and all priorities together cannot take 100 %, it panics: requests
/// go to all of its endpoints, also to the ejected ones. An ejection that leads there does not take an endpoint out of rotation; it puts back those that
/// are out already.
/// </para>
/// </summary>
public static class Panic
{
    /// <summary>Whether clients ignore a priority's ejections.</summary>
    /// <param name="tally">How the service stands.</param>
    /// <param name="priority">The name of the priority.</param>
    public static bool Holds(EjectionTally tally, string priority) =>
        tally.Of(priority) is var one
        && 100L * one.Left < PriorityLoad.PanicThreshold * one.Hosts
        && tally.All.Sum(Load) < 100;

    /// <summary>Whether a priority leaves a part of its load to others.</summary>
    public static bool SpillsOver(EjectionTally tally, string priority) => tally.Of(priority) is { Hosts: > 0 } one && Load(one) < 100;

    /// <summary>The share of all load that a priority can take, 0 to 100 percent.</summary>
    public static int Load(PriorityTally priority) => PriorityLoad.HealthOf(new(priority.Hosts, priority.Left));
}
