using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Mesh.Core;

namespace Mesh.Xds.Translation;

/// <summary>
/// Which services a client may use without naming them: what a wildcard means to it. It is no matter of access, since whoever names a service is answered; it
/// keeps a mesh of many services from being sent, whole, to everyone who uses three of them.
/// <para>
/// Written as Istio's users write the hosts of a Sidecar: <c>namespace/name</c>, <c>namespace/*</c>, <c>*/*</c>, with <c>.</c> for the client's own
/// namespace. Two of them are equal when they mean the same, however they were written: equal ones share what is encoded.
/// </para>
/// </summary>
/// <remarks>Rejected: a reach for each client, computed at each change (istiod's SidecarScope without its cache): clients that mean the same are many.</remarks>
public sealed class Reach : IEquatable<Reach>
{
    private readonly bool _everything;
    private readonly ImmutableSortedSet<string> _namespaces;
    private readonly ImmutableSortedSet<ServiceId> _services;
    private readonly string _text;

    private Reach(bool everything, IEnumerable<string> namespaces, IEnumerable<ServiceId> services)
    {
        _everything = everything;
        _namespaces = everything ? [] : namespaces.ToImmutableSortedSet(StringComparer.Ordinal);
        _services = everything ? [] : [.. services.Where(service => !_namespaces.Contains(service.Namespace))];
        _text = everything ? "*/*" : string.Join(',', _namespaces.Select(static n => $"{n}/*").Concat(_services.Select(static s => s.ToString())));
    }

    /// <summary>All services.</summary>
    public static Reach Everything { get; } = new(true, [], []);

    /// <summary>No service but those that are named.</summary>
    public static Reach Nothing { get; } = new(false, [], []);

    /// <summary>Whether it is all services.</summary>
    public bool IsEverything => _everything;

    /// <summary>What these entries mean together.</summary>
    /// <param name="entries">Each in one of the forms above.</param>
    /// <param name="ownNamespace">What <c>.</c> stands for; null when that is not known.</param>
    /// <param name="notUnderstood">The entries that are none, in their order. They add nothing.</param>
    public static Reach Of(IEnumerable<string> entries, string? ownNamespace, out ImmutableArray<string> notUnderstood)
    {
        var (everything, namespaces, services, wrong) = (false, new List<string>(), new List<ServiceId>(), ImmutableArray.CreateBuilder<string>());
        foreach (var entry in entries)
        {
            switch (entry)
            {
                case "*/*":
                    everything = true;
                    break;
                case "~/*":
                    // Istio's word for none.
                    break;
                case var _ when TryParse(entry, ownNamespace, out var @namespace, out var service):
                    if (service is { } one)
                    {
                        services.Add(one);
                    }
                    else
                    {
                        namespaces.Add(@namespace);
                    }

                    break;
                default:
                    wrong.Add(entry);
                    break;
            }
        }

        notUnderstood = wrong.DrainToImmutable();
        return everything ? Everything : namespaces.Count + services.Count == 0 ? Nothing : new(false, namespaces, services);
    }

    /// <summary>Whether a service is within it.</summary>
    public bool Includes(ServiceId service) => _everything || _namespaces.Contains(service.Namespace) || _services.Contains(service);

    /// <summary>Those within it, in the order of their ids. Costs as much as it names where it names services alone.</summary>
    public IEnumerable<T> Of<T>(IImmutableDictionary<ServiceId, T> all)
    {
        if (_everything)
        {
            return all.Values;
        }

        return _namespaces.IsEmpty ? Named(all) : all.Where(pair => Includes(pair.Key)).Select(static pair => pair.Value);
    }

    /// <inheritdoc/>
    public bool Equals(Reach? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Reach);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    /// <summary>Its entries, with a comma between them; empty for <see cref="Nothing"/>.</summary>
    public override string ToString() => _text;

    // namespace/name or namespace/*; the service is null for the latter.
    private static bool TryParse(string entry, string? ownNamespace, [NotNullWhen(true)] out string? @namespace, out ServiceId? service)
    {
        service = null;
        @namespace = null;
        var slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
        {
            return false;
        }

        @namespace = entry[..slash] is "." ? ownNamespace : entry[..slash];
        var all = entry.AsSpan(slash + 1) is "*";
        if (@namespace is null || !ServiceId.TryParse($"{@namespace}/{(all ? "x" : entry[(slash + 1)..])}", out var id))
        {
            return false;
        }

        service = all ? null : id;
        return true;
    }

    private IEnumerable<T> Named<T>(IImmutableDictionary<ServiceId, T> all)
    {
        foreach (var service in _services)
        {
            if (all.TryGetValue(service, out var found))
            {
                yield return found;
            }
        }
    }
}
