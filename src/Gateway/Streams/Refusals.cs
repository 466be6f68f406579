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
/// <param name="First">By type and name, the first <see cref="Most"/> of them; more are only counted.</param>
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
    /// <param name="sent">What the client was sent, and what became of it.</param>
    /// <param name="now">When the answer came.</param>
    public Refusals After(IEnumerable<SentResource> sent, DateTimeOffset now)
    {
        var before = First.ToDictionary(static r => (r.Type, r.Name));
        var first = ImmutableArray.CreateBuilder<Refusal>();
        var counts = new int[Counts.Length];
        foreach (var resource in sent.Where(static r => r.Refused is not null).OrderBy(static r => r.Type).ThenBy(static r => r.Name, StringComparer.Ordinal))
        {
            counts[(int)resource.Type]++;
            if (first.Count < Most)
            {
                var since = before.GetValueOrDefault((resource.Type, resource.Name))?.Since ?? now;
                first.Add(new Refusal(resource.Type, resource.Name, resource.Sent, resource.Accepted, resource.Refused!, since));
            }
        }

        return first.Count == 0 ? None : new(first.DrainToImmutable(), [.. counts]);
    }
}
