using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Mesh.Core.Outliers;

/// <summary>What the budget needs to know of a service.</summary>
/// <param name="Hosts">Endpoints that count: healthy, suspect, probing and ejected ones. Those that leave anyway (draining, expired) do not.</param>
/// <param name="Ejected">Of these, the ejected ones. A probing endpoint takes traffic and counts as not ejected; see <see cref="Probing"/>.</param>
public sealed record EjectionTally(int Hosts, int Ejected)
{
    /// <summary>
    /// Of the hosts, those that have returned and not yet proven themselves. They carry a tenth of their load, and some proxies may not have heard yet that they are
    /// back: so they keep their places in the budget, or proxies together would turn away more than it allows while the next one's ejection is on its way.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Probing { get; init; }

    /// <summary>The same by priority, where there are several; empty when all endpoints are of one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImmutableArray<PriorityTally> Priorities { get; init; }

    /// <summary>Each priority.</summary>
    [JsonIgnore]
    public IEnumerable<PriorityTally> All => Priorities.IsDefaultOrEmpty ? [new("", Hosts, Ejected)] : Priorities;

    /// <summary>One priority; nothing when there is none of that name.</summary>
    public PriorityTally Of(string priority) =>
        Priorities.IsDefaultOrEmpty
            ? new("", Hosts, Ejected)
            : Priorities.FirstOrDefault(one => string.Equals(one.Name, priority, StringComparison.Ordinal)) ?? new(priority, 0, 0);

    /// <summary>After one more ejection.</summary>
    /// <param name="priority">Of the endpoint.</param>
    /// <param name="returning">Whether it is one of <see cref="Probing"/>.</param>
    public EjectionTally WithOneMore(string priority, bool returning = false) => new(Hosts, Ejected + 1)
    {
        Probing = returning ? Math.Max(0, Probing - 1) : Probing,
        Priorities = Priorities.IsDefaultOrEmpty
            ? Priorities
            : [.. Priorities.Select(one => string.Equals(one.Name, priority, StringComparison.Ordinal) ? one with { Ejected = one.Ejected + 1 } : one)],
    };

    /// <summary>By content.</summary>
    public bool Equals(EjectionTally? other) =>
        other is not null && (Hosts, Ejected, Probing) == (other.Hosts, other.Ejected, other.Probing) && All.SequenceEqual(other.All);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Hosts, Ejected);
}

/// <summary>How one priority of a service stands.</summary>
/// <param name="Name">Which: <see cref="Localities.LocalityGroups.BudgetGroup"/>.</param>
/// <param name="Hosts">As in <see cref="EjectionTally"/>.</param>
/// <param name="Ejected">As in <see cref="EjectionTally"/>.</param>
public sealed record PriorityTally(string Name, int Hosts, int Ejected)
{
    /// <summary>Endpoints in rotation.</summary>
    [JsonIgnore]
    public int Left => Math.Max(0, Hosts - Ejected);
}
