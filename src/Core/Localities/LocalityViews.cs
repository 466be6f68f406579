using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Core.Localities;

/// <summary>
/// Which clients see a service's endpoints alike. Two clients in one zone do; so do two in zones where the service has no endpoint. What
/// is encoded for one can be sent to all who share its view, and the number of views depends on where endpoints run, not on how many clients there are nor
/// on what they say of themselves.
/// </summary>
public sealed class LocalityViews
{
    // Nothing is registered under such a name, so that whoever is nowhere near has nothing in common with anybody.
    private const string Nowhere = "\0";

    private readonly LocalityLbSetting _setting;
    private readonly IReadOnlyList<PlacedEndpoint> _endpoints;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    // Places (or labels) whose last part tells endpoints apart at all.
    private readonly HashSet<string> _forks = new(StringComparer.Ordinal);

    /// <summary>Looks at where endpoints run, or at the labels that count.</summary>
    public LocalityViews(LocalityLbSetting setting, IReadOnlyList<PlacedEndpoint> endpoints)
    {
        (_setting, _endpoints) = (setting, endpoints);
        var lasts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints)
        {
            ReadOnlySpan<string> parts = setting.FailoverPriority.IsEmpty ? Parts(endpoint.Locality) : endpoint.Traits.AsSpan();
            var (before, prefix) = ("", "");
            foreach (var part in parts)
            {
                before = prefix;
                _known.Add(prefix = Join(prefix, part));
            }

            if (!lasts.TryAdd(before, prefix) && lasts[before] != prefix)
            {
                _forks.Add(before);
            }
        }
    }

    /// <summary>One client that stands for all who share this one's view.</summary>
    public ClientPlace ViewOf(ClientPlace client)
    {
        if (!_setting.Distribute.IsEmpty)
        {
            return LocalityGroups.RuleFor(_setting, client.Locality) is { } rule ? ClientPlace.Unknown with { Locality = OfPattern(rule.From) } : ClientPlace.Unknown;
        }

        if (!_setting.FailoverPriority.IsEmpty)
        {
            return ByLabels(client);
        }

        if (client.Locality == Locality.Unknown)
        {
            return ClientPlace.Unknown;
        }

        var parts = Known(Parts(client.Locality));
        return parts[0] != Nowhere ? ClientPlace.At(parts[0], parts[1], parts[2])
            : _setting.Failover.Any(f => f.From == client.Locality.Region) ? ClientPlace.At(client.Locality.Region, Nowhere)
            : ClientPlace.Unknown;
    }

    /// <summary>The groups that a view sees.</summary>
    public ImmutableArray<LocalityGroup> GroupsOf(ClientPlace view) => LocalityGroups.Of(_setting, view, _endpoints);

    private ClientPlace ByLabels(ClientPlace client)
    {
        var known = Known([.. FailoverLabels.Wanted(_setting, client)]);
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (label, value) in _setting.FailoverPriority.Zip(known))
        {
            // What the setting says itself is the same for all.
            if (!label.Contains('=', StringComparison.Ordinal))
            {
                labels[label] = value;
            }
        }

        return ClientPlace.Unknown with { Labels = labels.ToImmutable() };
    }

    /// <summary>The parts that some endpoint shares from the first on; those after that make no difference, nor does the last where all have the same.</summary>
    private string[] Known(string[] parts)
    {
        var prefix = "";
        for (var i = 0; i < parts.Length; i++)
        {
            var before = prefix;
            prefix = Join(prefix, parts[i]);
            if (!_known.Contains(prefix) || (i == parts.Length - 1 && !_forks.Contains(before)))
            {
                Array.Fill(parts, Nowhere, i, parts.Length - i);
                break;
            }
        }

        return parts;
    }

    private static string[] Parts(Locality place) => [place.Region, place.Zone, place.SubZone];

    private static string Join(string prefix, string part) => $"{prefix}{part}\0";

    private static Locality OfPattern(string pattern)
    {
        var parts = pattern.Split('/').Where(static part => part != "*").ToArray();
        return new(parts.ElementAtOrDefault(0) ?? "", parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? "");
    }
}
