using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Core.Health;

namespace Mesh.Core.Operations;

/// <summary>
/// An endpoint that was removed, as its service remembers it: its own row, with the memory in it, is gone. A removal is done when this is
/// written; the endpoint's row is cleared after it, and as often as it takes.
/// </summary>
/// <param name="Id">The endpoint's.</param>
/// <param name="At">When it was removed the last time.</param>
/// <param name="Last">What it was then.</param>
public sealed record Departure(string Id, DateTimeOffset At, EndpointState Last)
{
    /// <summary>What was done to it, its removal included.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OperationLog<EndpointState>? Operations { get; init; }
}

/// <summary>A service's departures, oldest first; null when there are none.</summary>
public static class Departures
{
    /// <summary>How many removed endpoints a service remembers; the oldest makes room.</summary>
    public const int Most = 256;

    /// <summary>What is remembered of an endpoint; null when nothing is.</summary>
    public static Departure? Find(this ImmutableArray<Departure>? departures, string id) => departures?.FirstOrDefault(gone => gone.Id == id);

    /// <summary>
    /// Notes a removal, and forgets what need not be known any more. An endpoint that was removed, came back and is removed again is remembered once, with all
    /// that was done to it.
    /// </summary>
    /// <param name="departures">Those until now.</param>
    /// <param name="gone">The endpoint as it was, with what was done to it before.</param>
    /// <param name="command">What removed it; null when it had no id.</param>
    /// <param name="now">The time.</param>
    /// <param name="settled">Whether nothing is left to be cleared of an endpoint.</param>
    public static ImmutableArray<Departure>? With(
        this ImmutableArray<Departure>? departures, Departure gone, Command? command, DateTimeOffset now, Func<string, bool> settled)
    {
        var earlier = departures.Find(gone.Id) is { } last ? last.Operations.After(last.Last, null, now) : null;
        var operations = OperationLog.Join(earlier, gone.Operations).After(null, command.Done<EndpointState>(now), now);
        ImmutableArray<Departure> all = [.. (departures ?? []).Where(one => one.Id != gone.Id), gone with { At = now, Operations = operations }];
        return ((ImmutableArray<Departure>?)all).Faded(now, id => id != gone.Id && settled(id));
    }

    /// <summary>Without what is old or too much, as far as nothing is left to be cleared of it.</summary>
    public static ImmutableArray<Departure>? Faded(this ImmutableArray<Departure>? departures, DateTimeOffset now, Func<string, bool> settled)
    {
        if (departures is not { IsEmpty: false } all)
        {
            return null;
        }

        var surplus = all.Length - Most;
        var kept = all.Where((gone, place) => !(settled(gone.Id) && (place < surplus || now - gone.At >= OperationLog.Age))).ToImmutableArray();
        return kept.Length == all.Length ? departures : kept.IsEmpty ? null : kept;
    }
}
