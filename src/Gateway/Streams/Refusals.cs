using System.Collections.Immutable;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Streams;

/// <summary>A resource that one client refuses now.</summary>
/// <param name="Type">Of which type.</param>
/// <param name="Name">By which name.</param>
/// <param name="Version">The version that it refused.</param>
/// <param name="Accepted">The version that it goes on with; null when it has none.</param>
/// <param name="Words">What it said: its own words, which nobody has checked.</param>
/// <param name="Since">When it first refused the resource, whatever the version.</param>
public sealed record Refusal(ResourceType Type, string Name, string Version, string? Accepted, string Words, DateTimeOffset Since);

/// <summary>
/// What one client refuses now. It is made anew when what the stream knows of it has changed, so that clients who are content pay nothing for it. A refusal
/// ends when the client accepts a newer version or no longer wants the resource; that a newer one is on its way does not end it.
/// </summary>
/// <param name="First">Up to <see cref="Most"/> of them, by type and name; more are only counted.</param>
/// <param name="Counts">How many there are, by type.</param>
public sealed record Refusals(ImmutableArray<Refusal> First, ImmutableArray<int> Counts)
{
    /// <summary>Refusals of one client that are kept with their words.</summary>
    public const int Most = 100;

    /// <summary>Nothing is refused.</summary>
    public static Refusals None { get; } = new([], [.. ResourceTypes.InOrder.Select(static _ => 0)]);

    /// <summary>How many resources are refused.</summary>
    public int Total => Counts.Sum();

    /// <summary>What is refused after an answer.</summary>
    /// <param name="some">All of them, or <see cref="Most"/>: an answer must not cost as much as has ever been refused.</param>
    /// <param name="counts">How many there are, by type.</param>
    /// <param name="now">When the answer came.</param>
    public Refusals After(IReadOnlyList<RefusedResource> some, ImmutableArray<int> counts, DateTimeOffset now)
    {
        if (some.Count == 0)
        {
            return None;
        }

        var before = First.ToDictionary(static r => (r.Type, r.Name));
        return new(
            [
                .. some.OrderBy(static r => r.Type).ThenBy(static r => r.Name, StringComparer.Ordinal).Take(Most).Select(r => new Refusal(
                    r.Type, r.Name, r.Version, r.Accepted, r.Error, before.GetValueOrDefault((r.Type, r.Name))?.Since ?? now)),
            ],
            counts);
    }
}
